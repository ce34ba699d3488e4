"""Node times by PyTorch, eager."""
