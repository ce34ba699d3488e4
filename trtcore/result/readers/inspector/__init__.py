"""What TensorRT's engine inspector tells of a plan: layers, names, tensors."""
