"""Many models, batches and precisions on many GPUs: one saved result for each combination."""
