"""What callers call: options in, a `Profile` or a comparison out."""
