"""Accuracy: outputs compared with those of the FP32 model."""
