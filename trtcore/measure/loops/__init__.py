"""The timed loops: native, or in Python for old bindings."""
