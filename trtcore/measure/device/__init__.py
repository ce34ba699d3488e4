"""Streams, memory and I/O tensors on the GPU."""
