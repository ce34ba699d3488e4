"""A lower precision written into an ONNX graph."""
