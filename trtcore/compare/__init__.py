"""Two profiles, or several precisions, side by side; limits for CI."""
