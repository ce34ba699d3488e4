"""What TensorRT's ONNX parser refuses, in words: it often says no more than ``false``."""

from __future__ import annotations

import re
from typing import Any

import onnx
from onnx import NodeProto, TensorProto

from trtcore.errors import argument
from trtcore.models.model import Model
from trtcore.models.onnx.graph import ONNX_DOMAINS, graph_inputs, opset_version
from trtcore.models.onnx.walk import walk_nodes

# Where the parser has a plugin of TensorRT itself in mind, which TensorRT-RTX comes without.
_NO_PLUGIN = re.compile(
    r"Plugin not found|was not found in plugin registry|failed to load \w+ plugin", re.IGNORECASE
)
_NO_TYPE = "Failed to convert ONNX"
# Source: onnx-tensorrt, onnxUtils.cpp, convertDtype.
_UNKNOWN_TYPES = (
    TensorProto.STRING,
    TensorProto.INT16,
    TensorProto.UINT16,
    TensorProto.UINT32,
    TensorProto.UINT64,
    TensorProto.COMPLEX64,
    TensorProto.COMPLEX128,
)
# Quantized operators of ONNX that TensorRT has in another form only.
_OF_INTEGERS = ("QLinear", "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear")
# Of Add and its like, BatchNormalization and Dropout; it does not name the node.
_TOO_OLD = re.compile(r"Pre-opset 7|getOpsetVersion\(\) >= 7")
# Assertions without a word of explanation, such as `false` and `convertDims(...)`; a name alone.
_UNEXPLAINED = re.compile(r"(?:Invalid Node - )?\S*$")


def parser_problem(parser: Any, index: int, model: Model) -> str:
    """One error of a parser: the node, its operator, and what is wrong with it.

    Args:
        parser: TensorRT's, after it failed.
        index: of the error.
        model: what it read.
    """
    error = parser.get_error(index)
    text = " ".join(str(error.desc()).split())
    # The parser states its assertion first: `condition && "explanation"`.
    explained = re.search(r'"([^"]+)"', text)
    text = explained[1] if explained else text
    name, op = getattr(error, "node_name", str)(), getattr(error, "node_operator", str)()
    node = next((one for one in walk_nodes(model.proto.graph) if one.name == name), None)
    reason = _reason(parser, text, op, node, model)
    if _TOO_OLD.search(text):
        version = opset_version(model.proto)
        return (
            f"it has no broadcasting of operator set {version}: convert the file with ONNX's "
            "version_converter to 7 or later"
        )
    if text.startswith(_NO_TYPE) and not name:
        return _untyped(model) or text
    return f"node '{name}' ({op}): {reason}" if name or op else reason


def _reason(parser: Any, text: str, op: str, node: NodeProto | None, model: Model) -> str:
    if op.startswith(_OF_INTEGERS):
        return (
            "TensorRT has no operators on quantized integers: quantize with QuantizeLinear and "
            "DequantizeLinear nodes (Q/DQ) instead"
        )
    if _NO_PLUGIN.search(text) or (op and not _is_supported(parser, op)):
        if node is not None and node.domain in ONNX_DOMAINS and onnx.defs.has(op):
            return f"TensorRT does not have this operator; {argument('plugins')} can add it"
        domain = f" of domain '{node.domain}'" if node is not None and node.domain else ""
        return (
            f"no ONNX operator and no plugin{domain} that is loaded: {argument('plugins')} loads "
            "libraries of them"
        )
    if _UNEXPLAINED.fullmatch(text):
        version = opset_version(model.proto)
        return (
            f"TensorRT has this operator, but not with these inputs and attributes in operator set "
            f"{version} (it says '{text}')"
        )
    return text


def _untyped(model: Model) -> str:
    """Which input is of a type that TensorRT lacks; empty if none of those that it surely lacks."""
    for value in graph_inputs(model.proto.graph):
        if not value.type.HasField("tensor_type"):
            held = str(value.type.WhichOneof("value")).removesuffix("_type")
            return f"input '{value.name}' is of type {held}, and TensorRT has tensors only"
    types = {
        value.name: value.type.tensor_type.elem_type for value in graph_inputs(model.proto.graph)
    }
    for name, kind in types.items():
        if kind in _UNKNOWN_TYPES:
            word = TensorProto.DataType.Name(kind).lower()
            cpu = argument("backend", "onnxruntime")
            return (
                f"input '{name}' is of type {word}, which TensorRT does not have: export the graph "
                f"without what reads it, or time it with {cpu}"
            )
    return ""


def _is_supported(parser: Any, op: str) -> bool:
    """Whether the parser has an operator at all; True where its bindings do not tell."""
    supports = getattr(parser, "supports_operator", None)
    return supports is None or bool(supports(op))
