"""Runs an engine on the GPU: buffers, streams and the native loop. Only this imports `_core`."""
