"""FP16, BF16 and half2: written into the graph, verified in the engine, judged by outputs."""
