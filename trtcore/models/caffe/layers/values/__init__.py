"""Layers that compute values in place: activations, scales, normalizations."""
