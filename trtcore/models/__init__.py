"""Models in: every source becomes one `Model`, an ONNX graph with a note of where it came from."""

from __future__ import annotations

from trtcore.models.model import Model

__all__ = ["Model"]
