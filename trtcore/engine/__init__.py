"""From a graph to a loaded engine; only `engine.tensorrt` imports TensorRT and TensorRT-RTX."""
