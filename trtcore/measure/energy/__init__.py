"""What the GPU spends on a loop of inferences."""
