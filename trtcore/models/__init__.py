"""Every source becomes one `Model`: an ONNX graph with a note of where it came from."""
