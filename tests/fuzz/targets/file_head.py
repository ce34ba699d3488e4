"""The first bytes of any file: plan, ONNX, prototxt, JSON or text."""

from __future__ import annotations

from fuzz.trying import file_of, refusing

from trtcore.models.load import load_model
from trtcore.system.file_kind import CAFFE, HEAD_BYTES, ONNX, kind_of


def fuzz_one(data: bytes) -> None:
    # What follows for these two kinds has targets of its own.
    if not data or kind_of(data[:HEAD_BYTES]) in (ONNX, CAFFE):
        return
    with refusing():
        load_model(file_of(data, ""))
