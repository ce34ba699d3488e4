"""The only package that imports `tensorrt`, `tensorrt_rtx`, `onnxruntime` and `torch`."""
