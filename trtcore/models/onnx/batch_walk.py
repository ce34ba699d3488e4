"""Carries a new batch through a graph, node by node, and finds where it would be lost.

Exporters trace a network with one batch and leave it behind in constants: the target of a Reshape,
the sizes of a Resize, one class token for the whole batch. Each node is inferred at the new batch
from what comes in. Where its output does not have the batch, the constants that hold the old one
are changed; where that is not possible, the node is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, TypeProto, ValueInfoProto

from trtcore.errors import ModelError, argument
from trtcore.models.onnx.batch_bodies import through_bodies
from trtcore.models.onnx.batch_counters import counters
from trtcore.models.onnx.batch_edits import Edit, Extend
from trtcore.models.onnx.batch_layout import RESHAPING, followed
from trtcore.models.onnx.batch_lookahead import objects
from trtcore.models.onnx.batch_losses import is_carried
from trtcore.models.onnx.batch_marks import marked
from trtcore.models.onnx.batch_mixing import RECURRENT, mixes_items, mixing_notes
from trtcore.models.onnx.batch_repairs import repairs
from trtcore.models.onnx.batch_start import Start, Starts, types_of
from trtcore.models.onnx.batch_values import (
    Batch,
    Known,
    LostError,
    Shape,
    inferred,
    static_shape,
)
from trtcore.models.onnx.graph import opset_version
from trtcore.result.types.shapes import shape_text

_UNKNOWN = Known()
_MISFITS = (onnx.shape_inference.InferenceError, ValueError, RuntimeError)
# What leaves the number of an item as it is, but for its type and axes.
_SAME_NUMBER = frozenset({"Cast", "Identity", *RESHAPING})


@dataclass(frozen=True)
class Carried:
    """What another batch takes.

    Attributes:
        edits: the changes to the graph, in its order.
        outputs: shapes of its outputs at the new batch, as far as they are known.
        batch: the old one and the new one; zeros where there is nothing to carry.
        notes: on what else another batch means.
    """

    edits: tuple[Edit, ...] = ()
    outputs: Mapping[str, Shape] = field(default_factory=dict)
    batch: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


def carried(
    proto: ModelProto, batched: Collection[str], batch: Batch, prefix: str, starts: Starts
) -> Carried:
    """Finds what has to be changed in a graph for another batch.

    Args:
        proto: the graph; its inputs have static shapes at the old batch.
        batched: names of the inputs with the batch as their leading dimension.
        batch: the old one and the new one.
        prefix: start of the error message.
        starts: of this graph; walks at other batches share what does not depend on theirs.

    Returns:
        Nothing to change where the graph cannot be inferred at the old batch either.

    Raises:
        ModelError: a node through which the batch cannot be carried.
    """
    start = starts.of(proto)
    if start is None:
        return Carried()
    graph = start.bare.graph
    extended: dict[str, Extend] = {}
    first_problem = ""
    while True:
        walk = _Walk(start, batched, batch, extended)
        try:
            for place in range(len(start.nodes)):
                walk.step(place)
            walk.refuse_mixed(graph.output)
        except LostError as lost:
            first_problem = first_problem or f"{prefix}: {lost}"
            found = counters(graph, lost.node, walk.known, batch)
            if not found.keys() - extended.keys():
                raise ModelError(first_problem) from None
            # From the start, as the constant may have other readers before this one.
            extended |= found
            continue
        edits = (*extended.values(), *walk.edits)
        return Carried(edits, walk.shapes(graph.output), notes=mixing_notes(walk.mixing))


@dataclass(frozen=True)
class _Way:
    """How the batch gets through a node: what it reads, after changes, and what it writes."""

    inputs: list[Known]
    outputs: Mapping[str, Known]
    edits: tuple[Edit, ...] = ()


class _Walk:
    """The values of a graph that are known so far."""

    def __init__(
        self,
        start: Start,
        batched: Collection[str],
        batch: Batch,
        extended: Mapping[str, Extend],
    ) -> None:
        self.edits: list[Edit] = []
        self.mixing: list[NodeProto] = []
        self.start = start
        self.opset = opset_version(start.bare)
        self.ir_version = start.bare.ir_version
        self.batch = batch
        self.extended = extended
        self.types = dict(start.types)
        self.known = {"": Known()}
        for value in start.bare.graph.input:
            self.known[value.name] = self._input(value.name, value.name in batched)
        self.known |= {
            tensor.name: self._constant(tensor, tensor.name)
            for tensor in start.bare.graph.initializer
        }

    def step(self, place: int) -> None:
        """Goes through one node of the graph itself; see `visit`."""
        start, writes = self.start, self.start.writes[place]
        if not self.extended.keys().isdisjoint(writes):
            self.visit(start.nodes[place])
            return
        inputs = [self.known.get(name, _UNKNOWN) for name in start.reads[place]]
        outputs = start.written(place, inputs)
        if outputs is None:
            self.visit(start.nodes[place])
            outputs = {name: self.known[name] for name in writes if name in self.known}
            outputs = start.keep(place, inputs, outputs)
        self.known.update(outputs)

    def visit(self, node: NodeProto) -> None:
        """Finds out what a node writes at the new batch, and what to change for that.

        Raises:
            LostError: the batch is lost in it.
        """
        inputs = self._reads(node)
        if node.op_type == "Constant":
            self._note_constant(node)
            return
        outputs = through_bodies(self, node, inputs) or self._outputs(node, inputs)
        found: list[_Way] = []
        if outputs is not None and self._is_carried(node, inputs, outputs):
            found = [_Way(inputs, outputs)]
        olds = [self._old_output(node, inputs, name) for name in node.output]
        if not found or self._is_objected_to(node, found[0].outputs):
            found += self._ways(node, inputs, olds)
        fitting = (one for one in found if not self._is_objected_to(node, one.outputs))
        if found:
            self._take(node, next(fitting, found[0]))
            return
        if self._never_fits(node, inputs):
            self.known.update((name, Known()) for name in node.output)
            return
        raise LostError(node, self._lost(node, olds))

    def _ways(self, node: NodeProto, inputs: list[Known], olds: Sequence[Known]) -> Iterator[_Way]:
        """Ways to let the batch through by a change, the likeliest first."""
        for attempt in repairs(node, inputs, olds, self.batch):
            repaired = _repaired(inputs, attempt)
            outputs = self._outputs(node, repaired, attempt)
            if outputs is not None and self._is_carried(node, repaired, outputs):
                yield _Way(repaired, outputs, attempt)

    def _take(self, node: NodeProto, way: _Way) -> None:
        self.edits += way.edits
        if mixes_items(node, way.inputs, self.batch, self.opset):
            self.mixing.append(node)
        made = marked(node, way.inputs, way.outputs, self.batch, self.opset)
        for name, one in made.items():
            self.known[name] = one if way.edits else self._extended(name, one)

    def _is_objected_to(self, node: NodeProto, outputs: Mapping[str, Known]) -> bool:
        """Whether a reader of a Reshape says that the batch went to another axis than meant."""
        if node.op_type != "Reshape" or not outputs:
            return False
        readers = self.start.readers
        return objects(node.output[0], outputs[node.output[0]], readers, self)

    def fits(self, node: NodeProto, name: str, value: Known) -> bool:
        """Whether a node takes a value in the place of that name, and no items together."""
        pairs = zip(node.input, self._reads(node), strict=True)
        inputs = [value if read == name else one for read, one in pairs]
        if not all(one.is_known for read, one in zip(node.input, inputs, strict=True) if read):
            return True
        if mixes_items(node, inputs, self.batch, self.opset):
            return False
        return self._outputs(node, inputs) is not None

    def _never_fits(self, node: NodeProto, inputs: list[Known]) -> bool:
        """Whether the inputs do not fit each other at the old batch either."""
        try:
            self._inferred(node, [one.at_old for one in inputs])
        except _MISFITS:
            return True
        return False

    @contextmanager
    def within(self, body: GraphProto, inputs: Sequence[Known]) -> Iterator[None]:
        """Knows what the body of a node begins with: its inputs, and constants of its own.

        Bodies may call their values as others do, and as the graph around them does: afterwards
        the names mean what they meant before, unless the batch is lost, which is asked about there.
        """
        known, types = self.known.copy(), self.types.copy()
        self.types.update(types_of(body))
        for value, one in zip(body.input, inputs, strict=False):
            is_told = one.elem_type or one.old is not None
            self.known[value.name] = one if is_told else self._input(value.name, False)
        for tensor in body.initializer:
            self.known[tensor.name] = self._constant(tensor, tensor.name)
        yield
        self.known, self.types = known, types

    def _outputs(
        self, node: NodeProto, inputs: list[Known], attempt: tuple[Edit, ...] = ()
    ) -> dict[str, Known] | None:
        """What a node writes; None where its inputs do not fit each other at the new batch."""
        found = self.start.constants.computed(node, inputs, self.opset)
        if found is not None:
            return {node.output[0]: found}
        names = [name for name in node.output if name]
        olds = {name: self._old_output(node, inputs, name) for name in names}
        if not any(one.changes for name, one in zip(node.input, inputs, strict=True) if name):
            counts = node.op_type in _SAME_NUMBER and inputs[0].counts_items
            return {
                name: replace(old, new=old.old, counts_items=counts) for name, old in olds.items()
            }
        changed = node
        for edit in attempt:
            changed = edit.attributed(changed)
        try:
            new = self._inferred(changed, inputs)
        except _MISFITS:
            return None
        return {
            name: followed(node, inputs, replace(old, new=static_shape(new.get(name))), self.batch)
            for name, old in olds.items()
        }

    def _inferred(self, node: NodeProto, inputs: list[Known]) -> dict[str, TypeProto]:
        return inferred(node, inputs, self.opset, self.ir_version)

    def _old_output(self, node: NodeProto, inputs: list[Known], name: str) -> Known:
        """An output at the old batch: as the whole graph tells it, or the node alone."""
        old = self._old(name)
        if old.old is not None or not name:
            return old
        try:
            kind = self._inferred(node, [one.at_old for one in inputs]).get(name)
        except _MISFITS:
            return old
        shape = static_shape(kind)
        return old if kind is None else Known(kind.tensor_type.elem_type, shape)

    def _is_carried(
        self, node: NodeProto, inputs: Sequence[Known], outputs: Mapping[str, Known]
    ) -> bool:
        return is_carried(node, inputs, outputs, self.batch, self.opset)

    def refuse_mixed(self, values: Iterable[ValueInfoProto]) -> None:
        """Refuses outputs that are one for all items, where the file does not say that it is meant.

        With the batch of the file they may have been one for each. A lone number, as a loss, is
        one for all of them in any case.

        Raises:
            LostError: the node that computes such an output of all items.
        """
        for value in values:
            one = self.known.get(value.name, _UNKNOWN)
            if one.mixed is None or self.batch.is_open or math.prod(one.old or ()) == 1:
                continue
            node = next((node for node in self.mixing if node.name == one.mixed), None)
            if node is not None:
                olds = [self._old(name) for name in node.output if name]
                raise LostError(node, self._lost(node, olds))

    def shapes(self, values: Iterable[ValueInfoProto]) -> dict[str, Shape]:
        """The shapes of values at the new batch, as far as they are known."""
        known = {value.name: self.known.get(value.name, Known()).new for value in values}
        return {name: shape for name, shape in known.items() if shape is not None}

    def _constant(self, tensor: TensorProto, name: str) -> Known:
        return self._extended(name, self.start.constants.constant(tensor, name))

    def _extended(self, name: str, known: Known) -> Known:
        """What counts the old batch, as it counts the new one."""
        extend = self.extended.get(name)
        if extend is None or known.old_values is None:
            return known
        if not np.array_equal(known.old_values, extend.was):
            return known
        return replace(known, new=extend.values.shape, new_values=extend.values)

    def _note_constant(self, node: NodeProto) -> None:
        for attribute in node.attribute:
            if attribute.name == "value":
                self.known[node.output[0]] = self._constant(attribute.t, node.output[0])
                return
        self.known[node.output[0]] = replace(
            self._old(node.output[0]), new=self._old(node.output[0]).old
        )

    def _input(self, name: str, is_batched: bool) -> Known:
        old = self._old(name)
        if not is_batched or not old.old:
            return replace(old, new=old.old)
        return replace(old, new=(self.batch.new, *old.old[1:]))

    def _old(self, name: str) -> Known:
        kind = self.types.get(name)
        if kind is None or not kind.HasField("tensor_type"):
            return Known()
        return Known(kind.tensor_type.elem_type, static_shape(kind))

    def _reads(self, node: NodeProto) -> list[Known]:
        return [self.known.get(name, _UNKNOWN) for name in node.input]

    def _lost(self, node: NodeProto, olds: Sequence[Known]) -> str:
        reads = self._reads(node)
        if node.op_type in RECURRENT and mixes_items(node, reads, self.batch, self.opset):
            return (
                f"node '{node.name}' ({node.op_type}) takes the leading dimension for time steps: "
                f"give whole shapes with {argument('shapes')}"
            )
        texts = ", ".join(shape_text(one.old) for one in olds if one.old is not None)
        given = f", which gives {texts} at batch {self.batch.old}" if texts else ""
        return (
            f"the batch is lost in node '{node.name}' ({node.op_type}){given}: export the model "
            f"with an open batch, or with batch {self.batch.new}"
        )


def _repaired(inputs: list[Known], attempt: tuple[Edit, ...]) -> list[Known]:
    """What a node reads once an attempt is made."""
    repaired = list(inputs)
    for edit in attempt:
        if edit.index >= 0:
            repaired[edit.index] = edit.known(repaired[edit.index])
    return repaired
