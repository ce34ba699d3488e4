"""Outputs beside those of the FP32 model."""
