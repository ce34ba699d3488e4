"""Reading an ONNX file: parser, external data, checker, names."""

from __future__ import annotations

from fuzz.trying import file_of, refusing

from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_inputs, model_nodes, model_outputs


def fuzz_one(data: bytes) -> None:
    with refusing():
        model = load_model(file_of(data, ".onnx"))
        model_nodes(model), model_inputs(model), model_outputs(model)
