"""Whether an engine has the requested precision."""
