"""When a warm-up and a measurement end."""
