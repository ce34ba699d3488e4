"""Node times by ONNX Runtime on the CPU."""
