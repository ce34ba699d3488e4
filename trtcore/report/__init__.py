"""Reports: a finished profile as text, tables and files. No GPU and no TensorRT needed."""
