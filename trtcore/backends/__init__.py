"""The only package that imports `tensorrt`, `tensorrt_rtx` and `onnxruntime`."""
