"""How the layer times lead to the latency, and what the kernels say of them."""
