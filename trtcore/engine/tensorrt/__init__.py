"""TensorRT and TensorRT-RTX through their official Python bindings."""

from __future__ import annotations

from trtcore.engine.tensorrt.bindings import Bindings, load_bindings

__all__ = ["Bindings", "load_bindings"]
