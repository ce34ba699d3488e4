"""Where the tests' data lies."""

from __future__ import annotations

from pathlib import Path

import onnx

DATA = Path(__file__).parent / "data"
LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
"""Models of the onnx package whose weights are nearly all made by the graph itself."""
