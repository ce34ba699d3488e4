"""Writes the requested precision into the graph, which a strongly typed build has to follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import onnx.inliner
from onnx import NodeProto, TensorProto

from trtcore.errors import OptionError, PrecisionError, argument
from trtcore.models.model import Model
from trtcore.models.onnx.graph import name_nodes, opset_version
from trtcore.models.onnx.inference import infer_shapes
from trtcore.models.onnx.walk import walk_nodes
from trtcore.precision.convert.graph import GraphConverter
from trtcore.precision.convert.large import without_large
from trtcore.precision.convert.nodes import elem_types, float_type, quantized_nodes, value_kinds
from trtcore.precision.convert.plan import Rules, stays_fp32
from trtcore.precision.formats import FORMATS, Precision, format_of, precision_of, types
from trtcore.precision.request import check_keep_fp32, read_io_precision

__all__ = [
    "Precision",
    "apply_precision",
    "fp32_only_nodes",
    "is_mixed",
    "kept_nodes",
    "own_precision",
]


def own_precision(model: Model) -> Precision:
    """The precision of the model as it was loaded: ``fp32``, ``fp16`` or ``bf16``."""
    return precision_of(float_type(model.proto))


def apply_precision(
    model: Model,
    precision: Precision | str,
    *,
    keep_fp32: Sequence[str] = (),
    io_precision: str | None = None,
) -> Model:
    """Writes a precision into the graph; names of nodes and tensors stay.

    Args:
        model: a model of static shapes; it is not changed.
        precision: the requested one.
        keep_fp32: op types (``LRN``) or globs over node names (``conv1/*``) to pin to FP32,
            with casts around them.
        io_precision: ``fp32``, ``fp16`` or ``bf16`` for the network's float inputs and outputs;
            by default they have the precision of the network.

    Returns:
        The converted model, with notes on the changes. Quantized models, and 16-bit models of
        the requested precision, are returned unchanged.

    Raises:
        OptionError: unknown precision, or a ``keep_fp32`` entry that matches no node.
        PrecisionError: a constant that the precision cannot hold, or a 16-bit or quantized model
            for which another precision than its own is requested.
    """
    precision = Precision(precision)
    low = FORMATS[precision].onnx_type
    io = low if io_precision is None else FORMATS[read_io_precision(io_precision)].onnx_type
    kept = _kept(model, keep_fp32, precision)
    if quantized := quantized_nodes(model.proto):
        ignored = _ignored(precision, kept=bool(kept), io=io_precision is not None)
        return _left_quantized(model, quantized, precision, ignored)
    present = float_type(model.proto)
    if present != TensorProto.FLOAT:
        _check_already(model, present, low, plain=not kept and io == low)
        return _noted(model, f"already {format_of(present).label}, left unchanged")
    if io == low == TensorProto.FLOAT:
        return model
    _check_float32(model, precision)
    return _converted(model, low, io, kept)


def _check_float32(model: Model, precision: Precision) -> None:
    """Raises PrecisionError for a model whose floats are all of 64 bits: none would be changed."""
    kinds = value_kinds(model.proto)
    if TensorProto.DOUBLE in kinds and TensorProto.FLOAT not in kinds:
        raise PrecisionError(
            f"{model.name} computes in FP64, which {argument('precision', precision.value)} does "
            "not change: export it in FP32"
        )


def _kept(model: Model, patterns: Sequence[str], precision: Precision) -> frozenset[str]:
    kept = kept_nodes(model, patterns)
    if kept and FORMATS[precision].onnx_type == TensorProto.FLOAT:
        raise OptionError(
            f"{argument('keep_fp32')} has no meaning with {precision.value}: use it with fp16"
        )
    return kept


def _left_quantized(model: Model, quantized: int, precision: Precision, ignored: str) -> Model:
    """A quantized model as it is, with a note on what was requested and does not apply.

    Raises:
        PrecisionError: the rest of it has another precision than was requested.
    """
    # Scales and zero points were chosen for the types that are there: converting would break them.
    _check_own(model, quantized, precision)
    if FORMATS[precision].onnx_type == TensorProto.FLOAT and not ignored:
        return model
    note = f"{quantized} quantized nodes: the model defines its own precision, left unchanged"
    return _noted(model, note + ignored)


def _noted(model: Model, note: str) -> Model:
    return replace(model, notes=(*model.notes, note))


def kept_nodes(model: Model, patterns: Sequence[str]) -> frozenset[str]:
    """Names of the nodes that op types or name globs select.

    Raises:
        OptionError: a pattern that selects none or is empty, or a text in the place of a list.
    """
    check_keep_fp32(patterns)
    kept: set[str] = set()
    nodes = list(walk_nodes(model.proto.graph))
    for pattern in patterns:
        selected = [
            node.name
            for node in nodes
            if pattern in (node.op_type, node.name) or fnmatchcase(node.name, pattern)
        ]
        if not selected:
            ops = ", ".join(sorted({node.op_type for node in nodes}))
            raise OptionError(
                f"{argument('keep_fp32')} '{pattern}' matches no node: give a node name, a glob"
                f" over node names, or an op type of this model ({ops:.200})"
            )
        kept.update(selected)
    return frozenset(kept)


def fp32_only_nodes(model: Model, precision: Precision | str) -> frozenset[str]:
    """Names of the nodes that stay in FP32 because TensorRT supports no other type for them."""
    rules = Rules(FORMATS[Precision(precision)].onnx_type, TensorProto.FLOAT, frozenset(), 0)
    if rules.low == TensorProto.FLOAT:
        return frozenset()
    kinds = elem_types(model.proto.graph)

    def has_floats(node: NodeProto) -> bool:
        # Inner values have no type here; a Range of integers, as transformers have it, is no float.
        values = (*node.input, *node.output)
        return TensorProto.FLOAT in [kinds.get(name, TensorProto.FLOAT) for name in values if name]

    nodes = walk_nodes(model.proto.graph)
    return frozenset(node.name for node in nodes if stays_fp32(node, rules) and has_floats(node))


def is_mixed(model: Model) -> bool:
    """Whether a model was loaded with several float types, such as FP16 with an FP32 table."""
    return len(types().keys() & elem_types(model.proto.graph).values()) > 1


def _ignored(precision: Precision, *, kept: bool, io: bool) -> str:
    """The requests that do not apply to a model that is left unchanged."""
    layout = FORMATS[precision].io_layout
    requests = {
        argument("keep_fp32"): kept,
        argument("io_precision"): io,
        f"the {layout} inputs and outputs of {precision.value}": bool(layout),
    }
    ignored = ", ".join(name for name, is_requested in requests.items() if is_requested)
    return f"; not applied: {ignored}" if ignored else ""


def _check_own(model: Model, quantized: int, precision: Precision) -> None:
    """Refuses another precision for the rest of a quantized model than it has.

    Its scales are in the type of that rest, and 16 bits may not hold them.

    Raises:
        PrecisionError: it has another.
    """
    present = float_type(model.proto)
    if present != FORMATS[precision].onnx_type:
        own, label = format_of(present).label, FORMATS[precision].label
        raise PrecisionError(
            f"{model.name} has {quantized} quantized nodes and {own} beside them, which "
            f"{argument('precision', precision.value)} does not change: leave it out, or quantize "
            f"the model in {label}"
        )


def _check_already(model: Model, present: int, low: int, plain: bool) -> None:
    label = format_of(present).label
    if present != low:
        raise PrecisionError(
            f"{model.name} is already {label} and cannot be converted to {format_of(low).label}:"
            f" use {argument('precision', label.lower())}, or give the FP32 model"
        )
    if not plain:
        raise PrecisionError(
            f"{model.name} is already {label}: {argument('keep_fp32')} and"
            f" {argument('io_precision')} need the FP32 model"
        )


def _converted(model: Model, low: int, io: int, kept: frozenset[str]) -> Model:
    large: dict[str, TensorProto] = {}
    if model.proto.functions:
        # Nodes inside a function have no types of their own: inlined they can be planned.
        proto = onnx.inliner.inline_local_functions(model.proto)
        name_nodes(proto)
    else:
        proto, large = without_large(model.proto, low)
    # Schemas of the model's own opset keep it valid for ONNX Runtime.
    needs_newest = any(format_of(kind).needs_newest_schemas for kind in (low, io))
    opset = onnx.defs.onnx_opset_version() if needs_newest else opset_version(proto)
    converter = GraphConverter(proto, Rules(low, io, kept, opset), large)
    converter.convert()
    infer_shapes(proto, model.name, is_lenient=True)
    notes = filter(None, (_note(converter, len(kept)), converter.masks))
    return replace(model, proto=proto, notes=(*model.notes, *notes))


def _note(converter: GraphConverter, kept: int) -> str:
    rules, casts = converter.rules, f"{converter.casts} casts added"
    if rules.low == TensorProto.FLOAT:
        return f"inputs and outputs in {format_of(rules.io).label}: {casts}"
    return (
        f"{format_of(rules.low).label} written into the graph: {converter.lowered} nodes compute"
        f" in it, {kept} pinned to FP32, {casts}"
        + (
            f"; not converted, left in FP32: {', '.join(sorted(converter.stayed))}"
            if converter.stayed
            else ""
        )
    )
