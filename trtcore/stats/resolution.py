"""The steps of the clocks that times are read from."""

from __future__ import annotations

EVENT_RESOLUTION_MS = 0.0005
"""Of CUDA events. Source: cudaEventElapsedTime in the CUDA runtime API reference: around 0.5 us."""

CPU_RESOLUTION_MS = 0.001
"""Of ONNX Runtime's profile, in whole microseconds; other host clocks are taken as no finer."""
