"""ONNX graphs: loading, shapes, batch, weights."""
