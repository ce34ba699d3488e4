"""Caffe nets in: prototxt and caffemodel to an ONNX graph in Caffe's own names."""

from __future__ import annotations

from trtcore.models.caffe.importer import load_caffe

__all__ = ["load_caffe"]
