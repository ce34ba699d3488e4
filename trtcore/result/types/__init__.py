"""Data types and shapes: of tensors, and of what a layer computes in."""
