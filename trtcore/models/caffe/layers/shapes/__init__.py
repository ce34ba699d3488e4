"""Layers that change shapes: reshapes, cuts, joins, resizes, reductions."""
