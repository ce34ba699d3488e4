"""Operands of the old batch that ONNX's inference lets pass, and what makes them fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from onnx import NodeProto

from trtcore.models.onnx.batch_edits import Edit, Repeat, Retarget
from trtcore.models.onnx.batch_values import Batch, Known, Values

_BIAS = 2
# The input with something for each item in its first axis: lengths, offsets.
_FOR_EACH = {"DeformConv": 2, "GRU": 4, "LSTM": 4, "RNN": 4, "ReverseSequence": 1}
# Inputs that hold a whole shape, of which the inference only takes the rank.
_SHAPES = {"AffineGrid": 1, "MaxUnpool": 2}
# Of RoiAlign: the regions, and the number of the image that each is of.
_REGIONS, _IMAGES = 1, 2


def operands_fit(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> bool:
    """Whether the operands have one batch, as far as ONNX's inference does not look at it.

    It gives an Einsum and a Gemm a shape whatever their second and third operands are, and knows
    nothing of which items a constant condition or constant regions are of.
    """
    check = _CHECKS.get(node.op_type, _each_fits)
    # Random numbers read nothing.
    return not inputs or not batch.has(inputs[0]) or check(node, inputs, batch)


def operand_repairs(
    node: NodeProto, inputs: Sequence[Known], batch: Batch
) -> Iterator[tuple[Edit, ...]]:
    """Ways to make operands of such a node fit."""
    if _given(node, inputs, _FOR_EACH) is not None:
        index = _FOR_EACH[node.op_type]
        yield (Repeat(node.name, index, 0, (batch.old, batch.new)),)
    if (shape := _given(node, inputs, _SHAPES)) is not None and shape.old_values is not None:
        yield (_retarget(node, shape.old_values, inputs[0].axis, batch),)
    if node.op_type == "Gemm" and len(inputs) > _BIAS:
        lengths = batch.old, batch.new
        yield (Repeat(node.name, _BIAS, 0, lengths),)
    if node.op_type == "Einsum" and (edits := tuple(_einsum(node, inputs, batch))):
        yield edits
    if node.op_type == "RoiAlign" and inputs[_IMAGES].changes and inputs[_REGIONS].old:
        length = (inputs[_REGIONS].old or (0,))[0]
        yield (Repeat(node.name, _REGIONS, 0, (length, batch.scaled(length))),)
    shared = next((one.i for one in node.attribute if one.name == "batch_dims"), 0)
    if node.op_type == "GatherND" and batch.has(inputs[0]) and inputs[0].axis < shared:
        yield (Repeat(node.name, 1, inputs[0].axis, (batch.old, batch.new)),)


def _given(node: NodeProto, inputs: Sequence[Known], places: Mapping[str, int]) -> Known | None:
    """The input of a node that a table names; None if it has none there."""
    index = places.get(node.op_type, len(inputs))
    return inputs[index] if index < len(inputs) and node.input[index] else None


def _retarget(node: NodeProto, shape: Values, axis: int, batch: Batch) -> Retarget:
    new = [int(length) for length in shape]
    new[axis] = batch.scaled(new[axis])
    return Retarget(node.name, _SHAPES[node.op_type], tuple(new), (batch.old, batch.new))


def image_numbers(images: Known, batch: Batch) -> Values | None:
    """The numbers of the images of a RoiAlign at the new batch, for as many regions in each.

    Returns:
        None where they are not those of the old batch in order.
    """
    values = images.old_values
    if values is None or images.changes or values.ndim != 1 or values.size % batch.old:
        return None
    each = values.size // batch.old
    if not each or not np.array_equal(values, np.repeat(np.arange(batch.old), each)):
        return None
    return np.repeat(np.arange(batch.new, dtype=values.dtype), each)


def _each_fits(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> bool:
    each = _given(node, inputs, _FOR_EACH)
    if each is None or not each.old or each.old != each.new:
        return True
    return each.old[0] != batch.old


def _shape_fits(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> bool:
    shape = _given(node, inputs, _SHAPES)
    if shape is None or shape.old_values is None or shape.changes:
        return True
    return int(shape.old_values.ravel()[inputs[0].axis]) != batch.old


def _bias_fits(node: NodeProto, inputs: Sequence[Known], _: Batch) -> bool:
    if len(inputs) <= _BIAS or not inputs[_BIAS].is_known or inputs[0].new is None:
        return True
    bias = inputs[_BIAS].new or ()
    is_turned = any(one.name == "transA" and one.i for one in node.attribute)
    rows = inputs[0].new[-1 if is_turned else 0]
    return len(bias) < 2 or bias[0] in (1, rows)


def _terms_fit(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> bool:
    # A batch of 1 would be taken as often as an operand of the old batch has items.
    if batch.new == 1 and any(True for _ in _einsum(node, inputs, batch)):
        return False
    return all(len(lengths - {1}) < 2 for lengths in _by_letter(node, inputs).values())


def _condition_fits(node: NodeProto, inputs: Sequence[Known], _: Batch) -> bool:
    # Without an axis it takes all values in a row.
    axis = next((one.i for one in node.attribute if one.name == "axis"), -1)
    return inputs[1].old_values is None or inputs[1].changes or axis != inputs[0].axis


def _regions_fit(_: NodeProto, inputs: Sequence[Known], __: Batch) -> bool:
    images, regions = inputs[_IMAGES], inputs[_REGIONS]
    is_same = regions.new is None or images.new == regions.new[:1]
    return is_same and (images.old_values is None or images.changes)


def _letters(node: NodeProto) -> list[str]:
    """The letters of the axes of each operand; none where axes are left to broadcasting."""
    text = next((one.s.decode() for one in node.attribute if one.name == "equation"), "")
    terms = re.sub(r"\s", "", text).partition("->")[0].split(",")
    return [] if "." in text else terms


def _by_letter(node: NodeProto, inputs: Sequence[Known]) -> dict[str, set[int]]:
    lengths: dict[str, set[int]] = {}
    for term, one in zip(_letters(node), inputs, strict=False):
        for letter, length in zip(term, one.new or (), strict=False):
            lengths.setdefault(letter, set()).add(length)
    return lengths


def _einsum(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> Iterator[Repeat]:
    terms = _letters(node)
    source = next((i for i, one in enumerate(inputs) if batch.has(one)), -1)
    if source < 0 or len(terms) != len(inputs):
        return
    letter = terms[source][inputs[source].axis]
    length = (inputs[source].old or ())[inputs[source].axis]
    for index, (term, one) in enumerate(zip(terms, inputs, strict=True)):
        axis = term.find(letter)
        if axis >= 0 and one.old is not None and one.old == one.new and one.old[axis] == length:
            yield Repeat(node.name, index, axis, (length, batch.scaled(length)))


_CHECKS: Mapping[str, Callable[[NodeProto, Sequence[Known], Batch], bool]] = {
    "AffineGrid": _shape_fits,
    "Compress": _condition_fits,
    "Einsum": _terms_fit,
    "Gemm": _bias_fits,
    "MaxUnpool": _shape_fits,
    "RoiAlign": _regions_fit,
}
