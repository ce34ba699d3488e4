"""Operands of the old batch that ONNX's inference lets pass, and what makes them fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from onnx import NodeProto

from trtcore.models.onnx.batch_edits import Repeat
from trtcore.models.onnx.batch_values import Batch, Known, Values

_BIAS = 2
# Of RoiAlign: the regions, and the number of the image that each is of.
_REGIONS, _IMAGES = 1, 2


def operands_fit(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> bool:
    """Whether the operands have one batch, as far as ONNX's inference does not look at it.

    It gives an Einsum and a Gemm a shape whatever their second and third operands are, and knows
    nothing of which items a constant condition or constant regions are of.
    """
    if not batch.has(inputs[0]):
        return True
    if node.op_type == "Gemm":
        return _bias_fits(node, inputs)
    if node.op_type == "Einsum":
        return all(len(lengths - {1}) < 2 for lengths in _by_letter(node, inputs).values())
    if node.op_type == "Compress":
        return inputs[1].old_values is None or inputs[1].changes or _axis(node) != inputs[0].axis
    if node.op_type == "RoiAlign":
        images, regions = inputs[_IMAGES], inputs[_REGIONS]
        is_same = regions.new is None or images.new == regions.new[:1]
        return is_same and (images.old_values is None or images.changes)
    return True


def operand_repairs(
    node: NodeProto, inputs: Sequence[Known], batch: Batch
) -> Iterator[tuple[Repeat, ...]]:
    """Ways to make operands of such a node fit."""
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


def _bias_fits(node: NodeProto, inputs: Sequence[Known]) -> bool:
    if len(inputs) <= _BIAS or not inputs[_BIAS].is_known or inputs[0].new is None:
        return True
    bias = inputs[_BIAS].new or ()
    is_turned = any(one.name == "transA" and one.i for one in node.attribute)
    rows = inputs[0].new[-1 if is_turned else 0]
    return len(bias) < 2 or bias[0] in (1, rows)


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


def _axis(node: NodeProto) -> int:
    """The axis of a node; -1 for a Compress of all values in a row."""
    return next((one.i for one in node.attribute if one.name == "axis"), -1)
