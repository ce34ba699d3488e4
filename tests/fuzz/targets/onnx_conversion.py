"""Writing a precision into the graph of an ONNX file."""

from __future__ import annotations

from fuzz.trying import file_of, refusing

from trtcore.models.load import load_model
from trtcore.precision.convert.apply import apply_precision


def fuzz_one(data: bytes) -> None:
    # The first byte chooses: one corpus serves both precisions.
    with refusing():
        model = load_model(file_of(data[1:], ".onnx"))
        apply_precision(model, "bf16" if data[:1] == b"b" else "fp16")
