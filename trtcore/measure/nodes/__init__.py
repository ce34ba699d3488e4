"""Un-fused models, node by node: the baseline."""
