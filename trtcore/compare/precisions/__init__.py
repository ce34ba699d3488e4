"""Several precisions of one model, side by side."""
