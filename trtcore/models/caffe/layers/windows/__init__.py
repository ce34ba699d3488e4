"""Layers that slide a window: convolutions and pooling."""
