"""Engines on the GPU: plans loaded, run in rounds, their times stored."""
