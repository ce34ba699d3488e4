"""Reports as files that other tools read."""
