"""Statistics: pure functions of arrays, and the compiled kernels behind them."""
