"""Layer times that add up: event cost, overlap, gaps, and the kernels behind them."""
