"""A 16-bit graph computed in FP32 with every value rounded to 16 bits.

ONNX Runtime has few 16-bit kernels for CPUs: it computes most nodes in FP32 and skips the rounding
between neighbours, so an FP16 graph shows neither its errors nor its overflows there, and
a BF16 graph does not run at all. With explicit rounding it does, on any processor. Sums are kept in
FP32, as on Tensor Cores.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from onnx import (
    AttributeProto,
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    TypeProto,
    helper,
    numpy_helper,
)

from trtcore.models.model import Model
from trtcore.models.onnx.graph import opset_version
from trtcore.models.onnx.walk import bodies
from trtcore.models.onnx.weights import without_weights
from trtcore.precision.convert.nodes import all_names, elem_types
from trtcore.precision.convert.plan import TYPE_ATTRIBUTES
from trtcore.precision.formats import low_types

# Operator set 13 gave Cast the type bfloat16; 11 made the limits of Clip inputs.
_FIRST_BFLOAT16_CAST = 13
_FIRST_CLIP_INPUTS = 11
# ONNX Runtime has arithmetic of operator set 7 on. Of 6 it has Sum and Neg, and Scaler of ONNX-ML.
_FIRST_ARITHMETIC = 7
_ML_DOMAIN = "ai.onnx.ml"
# x * 65537 - (x * 65537 - x) is x rounded to 8 of its 24 bits. The product overflows float32 from
# 5.2e33 on: what is beyond the limit is added afterwards as it is. The limit has 8 bits itself.
_SPLIT_AT_8_BITS = 2**16 + 1
_LARGEST_TO_SPLIT = 2.0**110
_SPLITTER, _LIMIT, _LOWEST = "trtcore_splitter", "trtcore_split_limit", "trtcore_split_lowest"
_Steps = tuple[tuple[str, tuple[str, ...], str], ...]
# Each of these: the operator, what it reads, and what it writes; the last writes the result.
_STEPS: _Steps = (
    ("Clip", ("exact",), "inner"),
    ("Sub", ("exact", "inner"), "excess"),
    ("Mul", ("inner", _SPLITTER), "product"),
    ("Sub", ("product", "inner"), "low"),
    ("Sub", ("product", "low"), "high"),
    ("Add", ("high", "excess"), ""),
)
_STEPS_OF_SUMS: _Steps = (
    ("Clip", ("exact",), "inner"),
    ("Neg", ("inner",), "negative"),
    ("Sum", ("exact", "negative"), "excess"),
    ("Scaler", ("inner",), "product"),
    ("Sum", ("product", "negative"), "low"),
    ("Neg", ("low",), "unlow"),
    ("Sum", ("product", "unlow"), "high"),
    ("Sum", ("high", "excess"), ""),
)
_SCALE: dict[str, Any] = {"domain": _ML_DOMAIN, "offset": [0.0], "scale": [float(_SPLIT_AT_8_BITS)]}


def emulated(model: Model, *, rounds: bool = True) -> Model:
    """Rewrites a 16-bit graph so that ONNX Runtime's CPU kernels show its rounding errors.

    Inputs and outputs become float32; values keep their names.

    Args:
        model: in any precision.
        rounds: round every value to its type; without it only the weights are.
    """
    proto = ModelProto()
    proto.CopyFrom(model.proto)
    inferred = onnx.shape_inference.infer_shapes(without_weights(proto), data_prop=True)
    rewriting = _Rewriting(opset_version(proto), all_names(proto.graph), rounds)
    rewriting.rewrite(proto.graph, inferred.graph, {})
    if rewriting.needs_constants:
        _prepend_constants(proto.graph)
    if rewriting.needs_scaler and all(one.domain != _ML_DOMAIN for one in proto.opset_import):
        proto.opset_import.append(helper.make_opsetid(_ML_DOMAIN, 1))
    return replace(model, proto=proto)


def _prepend_constants(graph: GraphProto) -> None:
    """Puts the constants of the splitting in front, as nodes.

    IR versions before 4 require every initializer to be a graph input.
    """
    constants = {
        _SPLITTER: _SPLIT_AT_8_BITS,
        _LIMIT: _LARGEST_TO_SPLIT,
        _LOWEST: -_LARGEST_TO_SPLIT,
    }
    nodes = [
        helper.make_node(
            "Constant", [], [name], name, value=numpy_helper.from_array(np.float32(value))
        )
        for name, value in constants.items()
    ]
    nodes += graph.node
    graph.ClearField("node")
    graph.node.extend(nodes)


@dataclass
class _Rewriting:
    """One model on its way to float32: what all of its graphs share.

    Attributes:
        opset: the operator set of the model.
        taken: names of nodes and values in use, at all levels.
        rounds: round every value to its type.
        needs_constants: the constants of the splitting are read.
        needs_scaler: operators of ONNX-ML are used.
    """

    opset: int
    taken: set[str]
    rounds: bool
    needs_constants: bool = field(default=False, init=False)
    needs_scaler: bool = field(default=False, init=False)

    def rewrite(self, graph: GraphProto, inferred: GraphProto, outer: dict[str, int]) -> None:
        """Rewrites a graph and its bodies in place; ``outer`` are the types around a body."""
        types = {**outer, **elem_types(inferred)} if self.rounds else {}
        nodes: list[NodeProto] = []
        for node, typed in zip(graph.node, inferred.node, strict=True):
            for body, typed_body in zip(bodies(node), bodies(typed), strict=True):
                self.rewrite(body, typed_body, types)
            for attribute in node.attribute:
                _widen_attribute(attribute)
            nodes += self.rounded(node, types)
        graph.ClearField("node")
        graph.node.extend(nodes)
        for tensor in graph.initializer:
            _widen(tensor)
        for value in (*graph.input, *graph.output, *graph.value_info):
            _widen_type(value.type)

    def rounded(self, node: NodeProto, types: dict[str, int]) -> list[NodeProto]:
        """The node, with its 16-bit outputs rounded behind it."""
        nodes = [NodeProto()]
        nodes[0].CopyFrom(node)
        for index, name in enumerate(node.output):
            if types.get(name) in low_types():
                exact = nodes[0].output[index] = self.free_name(f"{name}__exact")
                nodes += self.rounding(exact, name, types[name])
        return nodes

    def rounding(self, exact: str, name: str, elem_type: int) -> list[NodeProto]:
        """The nodes from an exact value to the rounded one."""
        has_cast = elem_type != TensorProto.BFLOAT16 or self.opset >= _FIRST_BFLOAT16_CAST
        if not has_cast:
            return self.split(exact, name)
        low = self.free_name(f"{name}__rounded")
        wide = self.free_name(f"{name}__wide")
        return [
            helper.make_node("Cast", [exact], [low], name=low, to=elem_type),
            helper.make_node("Cast", [low], [name], name=wide, to=TensorProto.FLOAT),
        ]

    def split(self, exact: str, name: str) -> list[NodeProto]:
        """Rounds to BF16 by Veltkamp's splitting, where the operator set has no BF16 to cast to.

        With operators of operator set 6 or 7 only: values beyond the limit keep their excess over
        it.
        """
        if self.opset < _FIRST_ARITHMETIC:
            self.needs_scaler = True
            steps = _STEPS_OF_SUMS
        else:
            self.needs_constants = True
            steps = _STEPS
        limits = [_LOWEST, _LIMIT] if self.opset >= _FIRST_CLIP_INPUTS else []
        own = {step: self.free_name(f"{name}__{step}") for _, _, step in steps if step}
        own["exact"] = exact
        nodes = [
            helper.make_node(
                op,
                [own.get(read, read) for read in reads],
                [own.get(step, name)],
                own.get(step) or self.free_name(f"{name}__sum"),
                **(_SCALE if op == "Scaler" else {}),
            )
            for op, reads, step in steps
        ]
        nodes[0].input.extend(limits)
        if not limits:
            _set_limits(nodes[0])
        return nodes

    def free_name(self, wanted: str) -> str:
        """An unused name for a value or a node."""
        numbered = (f"{wanted}_{number}" for number in itertools.count(2))
        name = next(n for n in itertools.chain([wanted], numbered) if n not in self.taken)
        self.taken.add(name)
        return name


def _set_limits(clip: NodeProto) -> None:
    """Writes the limits of the splitting into a Clip of an operator set that has no such inputs."""
    clip.attribute.append(helper.make_attribute("min", -_LARGEST_TO_SPLIT))
    clip.attribute.append(helper.make_attribute("max", _LARGEST_TO_SPLIT))


def _widen_type(kind: TypeProto) -> None:
    """Makes 16-bit floats float32, also those of sequences and optional values."""
    held = kind.WhichOneof("value")
    if held == "sequence_type":
        _widen_type(kind.sequence_type.elem_type)
    elif held == "optional_type":
        _widen_type(kind.optional_type.elem_type)
    elif held == "tensor_type" and kind.tensor_type.elem_type in low_types():
        kind.tensor_type.elem_type = TensorProto.FLOAT


def _widen_attribute(attribute: AttributeProto) -> None:
    if attribute.name in TYPE_ATTRIBUTES and attribute.i in low_types():
        attribute.i = TensorProto.FLOAT
    if attribute.name == "value" and attribute.type == AttributeProto.TENSOR:
        _widen(attribute.t)


def _widen(tensor: TensorProto) -> None:
    if tensor.data_type in low_types():
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
