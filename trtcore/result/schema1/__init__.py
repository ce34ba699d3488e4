"""Reads saved results of version 1, whose sentences became values."""
