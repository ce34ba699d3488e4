"""Changes to a graph that let every batch of a range through: numbers computed from the batch.

What a walk finds for one batch (`batch_walk`) is found for two, and what differs is a multiple of
the batch: a target of ``[4, 196, 768]`` is ``[0, 196, 768] + B * [1, 0, 0]``. B is read from the
shape of an input, by a few nodes that stand first in the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, helper, numpy_helper

from trtcore.models.onnx.batch_edits import (
    Edit,
    Extend,
    Repeat,
    Retarget,
    few_notes,
)
from trtcore.models.onnx.batch_scatter import counted
from trtcore.models.onnx.graph_editor import Editor

# Slice and Gather with what they need as inputs; before, they have attributes.
_SLICE_OPSET = 10


class NotLinearError(Exception):
    """A node needs something of each batch that is no multiple of it; the text names the node."""


@dataclass(frozen=True)
class Multiples:
    """Whole numbers that depend on the batch B: ``fixed + B * factors``.

    Attributes:
        fixed: what does not depend on it.
        factors: what is multiplied with it.
    """

    fixed: tuple[int, ...]
    factors: tuple[int, ...]

    def at(self, batch: int) -> tuple[int, ...]:
        """The numbers at a batch."""
        return tuple(a + batch * b for a, b in zip(self.fixed, self.factors, strict=True))


def multiples(first: Sequence[int], second: Sequence[int], batches: tuple[int, int]) -> Multiples:
    """What numbers are at any batch, from those at two.

    Raises:
        NotLinearError: they are no sum of a number and a multiple of the batch.
    """
    if len(first) != len(second):
        raise NotLinearError
    step = batches[1] - batches[0]
    if any((b - a) % step for a, b in zip(first, second, strict=True)):
        raise NotLinearError
    factors = tuple((b - a) // step for a, b in zip(first, second, strict=True))
    fixed = tuple(a - batches[0] * f for a, f in zip(first, factors, strict=True))
    return Multiples(fixed, factors)


def free_edits(
    graph: GraphProto,
    edits: tuple[Sequence[Edit], Sequence[Edit]],
    batches: tuple[int, int],
    most: int,
    source: str,
    opset: int,
) -> list[str]:
    """Makes in place, for every batch, what edits make for one.

    Args:
        graph: the graph, which the edits are of.
        edits: what each of two batches takes.
        batches: these two.
        most: the largest batch of the range.
        source: an input whose leading dimension is the batch.
        opset: of ONNX's operators in the graph.

    Returns:
        A note on each kind of change.

    Raises:
        NotLinearError: a node that cannot be changed so.
    """
    kinds = [[(type(one), one.node, one.index) for one in some] for some in edits]
    if kinds[0] != kinds[1]:
        odd = next(a or b for a, b in zip_longest(*kinds) if a != b)
        raise NotLinearError(odd[1])
    writer = _Writer(graph, source, batches, most, opset)
    first, second = edits
    notes: dict[str, tuple[str, list[str]]] = {}
    for one, other in zip(first, second, strict=True):
        kind, note = writer.write(one, other)
        notes.setdefault(kind, (note, []))[1].append(one.node)
    return [few_notes(note, nodes) for note, nodes in notes.values()]


class _Writer:
    """Writes the changes, and the nodes that they read the batch from."""

    def __init__(
        self, graph: GraphProto, source: str, batches: tuple[int, int], most: int, opset: int
    ) -> None:
        self._graph = graph
        self._editor = Editor(graph)
        self._source = source
        self._batches = batches
        self._most = most
        self._opset = opset
        self._batch = ""
        # How many nodes were put in front of all others: they read inputs and constants only.
        self._added = 0

    def write(self, one: Edit, other: Edit) -> tuple[str, str]:
        """Makes a change; returns its kind and a note on it."""
        try:
            if isinstance(one, Retarget) and isinstance(other, Retarget):
                return self._retarget(one, other)
            if isinstance(one, Repeat) and isinstance(other, Repeat):
                return self._repeat(one, other)
            assert isinstance(one, Extend)
            assert isinstance(other, Extend)
            return self._extend(one, other)
        except NotLinearError:
            raise NotLinearError(one.node) from None

    def _add(self, node: NodeProto) -> None:
        """Puts a node behind those before it, in front of those that the graph had."""
        self._editor.insert(self._graph, self._added, node)
        self._added += 1

    def _retarget(self, one: Retarget, other: Retarget) -> tuple[str, str]:
        values = multiples(one.values, other.values, self._batches)
        holder, place = self._editor.place_of(one.node)
        node, was = holder.node[place], one.was[0]
        note = "retarget", f"node '{one.node}' had batch {was} written into it: now any"
        varying = [place for place, factor in enumerate(values.factors) if factor]
        if not varying:
            one.apply(self._editor)
        elif node.op_type == "Reshape" and len(varying) == 1 and all(values.at(1)):
            # The simplest that holds for all: a builder need not follow where -1 comes from.
            free = list(values.fixed)
            free[varying[0]] = -1
            replace(one, values=tuple(free)).apply(self._editor)
        elif one.attribute:
            raise NotLinearError
        else:
            name = self._computed(values, f"{node.output[0]}__{one.index}_batch")
            # Anew, as nodes were put in front of it.
            holder, place = self._editor.place_of(one.node)
            holder.node[place].input[one.index] = name
        return note

    def _repeat(self, one: Repeat, other: Repeat) -> tuple[str, str]:
        """Repeats the items for the largest batch, and takes as many as there are."""
        length = multiples((one.lengths[1],), (other.lengths[1],), self._batches)
        if one.axis != other.axis or length.fixed != (0,) or one.outer != 1:
            raise NotLinearError
        (most,) = length.at(self._most)
        replace(one, lengths=(one.lengths[0], most)).apply(self._editor)
        holder, place = self._editor.place_of(one.node)
        whole = holder.node[place].input[one.index]
        part, cut = self._cut(whole, f"{whole}__part", one.axis, length)
        # Anew, as nodes were put in front of it.
        holder, place = self._editor.place_of(one.node)
        holder.node[place].input[one.index] = part
        self._editor.insert(holder, place, cut)
        return "repeat", (
            f"node '{one.node}' read a value of batch {one.lengths[0]} as input {one.index}: "
            "repeated for any"
        )

    def _extend(self, one: Extend, other: Extend) -> tuple[str, str]:
        """Counts for the largest batch, and takes as many as there are."""
        shapes = one.values.shape, other.values.shape
        axes = [i for i, both in enumerate(zip(*shapes, strict=True)) if both == self._batches]
        if len(axes) != 1:
            raise NotLinearError
        (axis,) = axes
        # Of two batches, the second has at least two items.
        step = int(np.take(other.values, 1, axis=axis).ravel()[0])
        if not np.array_equal(other.values, counted(other.values.shape, axis, step)):
            raise NotLinearError
        shape = [*one.values.shape]
        shape[axis] = self._most
        whole = self._editor.free_name(f"{one.name}__all")
        values = np.ascontiguousarray(counted(tuple(shape), axis, step).astype(one.values.dtype))
        self._editor.put_constant(numpy_helper.from_array(values, whole))
        self._drop(one)
        _, cut = self._cut(whole, one.name, axis, Multiples((0,), (1,)), is_new=False)
        self._add(cut)
        return "extend", (
            f"node '{one.node}' picks by a constant that counts the old batch: it now counts any"
        )

    def _drop(self, extend: Extend) -> None:
        """Removes a constant, whose name something else is to write.

        Raises:
            NotLinearError: more than one has that name, each in a body of its own.
        """
        name, scopes = extend.name, 0
        for graph in self._editor.graphs:
            tensors = [one for one in graph.initializer if one.name == name]
            nodes = [node for node in graph.node if name in node.output]
            scopes += bool(tensors or nodes)
            for one in tensors:
                graph.initializer.remove(one)
            for node in nodes:
                graph.node.remove(node)
            # Old files list initializers among the inputs too.
            for value in [one for one in graph.input if one.name == name]:
                graph.input.remove(value)
        self._editor.look_again()
        if scopes > 1:
            raise NotLinearError

    def _cut(
        self, whole: str, wanted: str, axis: int, length: Multiples, *, is_new: bool = True
    ) -> tuple[str, NodeProto]:
        """A Slice of the first items of a value; its name and the node."""
        if self._opset < _SLICE_OPSET:
            raise NotLinearError
        part = self._editor.free_name(wanted) if is_new else wanted
        ends = self._computed(length, f"{part}__length")
        reads = [
            whole,
            self._constant(np.zeros(1, np.int64), f"{part}__start"),
            ends,
            self._constant(np.array([axis], np.int64), f"{part}__axis"),
        ]
        return part, helper.make_node("Slice", reads, [part], name=part)

    def _computed(self, values: Multiples, wanted: str) -> str:
        """The name of numbers that are computed from the batch."""
        name = self._editor.free_name(wanted)
        factors = self._constant(np.array(values.factors, np.int64), f"{name}__factors")
        if not any(values.fixed):
            self._add(helper.make_node("Mul", [self._read(), factors], [name], name=name))
            return name
        scaled, fixed = f"{name}__scaled", np.array(values.fixed, np.int64)
        reads = [scaled, self._constant(fixed, f"{name}__fixed")]
        self._add(helper.make_node("Mul", [self._read(), factors], [scaled], name=scaled))
        self._add(helper.make_node("Add", reads, [name], name=name))
        return name

    def _read(self) -> str:
        """The name of the batch, a vector of one number."""
        if not self._batch:
            self._batch = self._editor.free_name(f"{self._source}__batch")
            shape = f"{self._batch}__shape"
            leading = self._constant(np.zeros(1, np.int64), f"{self._batch}__axis")
            name, reads = self._batch, [shape, leading]
            self._add(helper.make_node("Shape", [self._source], [shape], name=shape))
            self._add(helper.make_node("Gather", reads, [name], name=name, axis=0))
        return self._batch

    def _constant(self, values: NDArray[Any], wanted: str) -> str:
        name = self._editor.free_name(wanted)
        self._editor.put_constant(numpy_helper.from_array(values, name))
        return name
