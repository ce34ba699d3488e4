"""Where the time of a TensorRT network goes, layer by layer."""
