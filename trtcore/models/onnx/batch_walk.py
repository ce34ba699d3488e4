"""Carries a new batch through a graph, node by node, and finds where it would be lost.

Exporters trace a network with one batch and leave it behind in constants: the target of a Reshape,
the sizes of a Resize, one class token for the whole batch. Each node is inferred at the new batch
from what comes in. Where its output does not have the batch, the constants that hold the old one
are changed; where that is not possible, the node is refused by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, TypeProto, ValueInfoProto

from trtcore.errors import ModelError
from trtcore.models.onnx.batch_bodies import through_bodies
from trtcore.models.onnx.batch_edits import Edit, Extend
from trtcore.models.onnx.batch_layout import followed
from trtcore.models.onnx.batch_operands import operands_fit
from trtcore.models.onnx.batch_repairs import counters, is_misplaced, repairs
from trtcore.models.onnx.batch_scatter import is_scattered
from trtcore.models.onnx.batch_start import Start, Starts, types_of
from trtcore.models.onnx.batch_values import (
    Batch,
    Known,
    LostError,
    Shape,
    inferred,
    static_shape,
)
from trtcore.models.onnx.graph import ONNX_DOMAINS, opset_version
from trtcore.result.types.shapes import shape_text

# Operators whose outputs may rightly have no batch: they reduce over it, or it depends on values.
_MAY_LOSE = frozenset(
    {
        "ArgMax",
        "ArgMin",
        "Compress",
        "If",
        "Loop",
        "NegativeLogLikelihoodLoss",
        "NonMaxSuppression",
        "NonZero",
        "RoiAlign",
        "Scan",
        "SequenceAt",
        "Shape",
        "Size",
        "SoftmaxCrossEntropyLoss",
        "Unique",
    }
)
_UNKNOWN = Known()
_MISFITS = (onnx.shape_inference.InferenceError, ValueError, RuntimeError)
# Only the first output of these has the batch.
_FIRST_ONLY = frozenset({"BatchNormalization", "DynamicQuantizeLinear"})


@dataclass(frozen=True)
class Carried:
    """What another batch takes.

    Attributes:
        edits: the changes to the graph, in its order.
        outputs: shapes of its outputs at the new batch, as far as they are known.
        batch: the old one and the new one; zeros where there is nothing to carry.
    """

    edits: tuple[Edit, ...] = ()
    outputs: Mapping[str, Shape] = field(default_factory=dict)
    batch: tuple[int, int] = (0, 0)


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
        except LostError as lost:
            first_problem = first_problem or f"{prefix}: {lost}"
            found = counters(graph, lost.node, walk.known, batch)
            if not found.keys() - extended.keys():
                raise ModelError(first_problem) from None
            # From the start, as the constant may have other readers before this one.
            extended |= found
            continue
        return Carried((*extended.values(), *walk.edits), walk.shapes(graph.output))


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
        inputs = [self.known.get(name, _UNKNOWN) for name in node.input]
        if node.op_type == "Constant":
            self._note_constant(node)
            return
        outputs = through_bodies(self, node, inputs) or self._outputs(node, inputs)
        if outputs is not None and self._is_carried(node, inputs, outputs):
            for name, one in outputs.items():
                self.known[name] = self._extended(name, one)
            return
        olds = [self._old_output(node, inputs, name) for name in node.output]
        for attempt in repairs(node, inputs, olds, self.batch):
            repaired = _repaired(inputs, attempt)
            outputs = self._outputs(node, repaired, attempt)
            if outputs is not None and self._is_carried(node, repaired, outputs):
                self.edits += attempt
                self.known.update(outputs)
                return
        if self._never_fits(node, inputs):
            self.known.update((name, Known()) for name in node.output)
            return
        raise LostError(node, self._lost(node, olds))

    def _never_fits(self, node: NodeProto, inputs: list[Known]) -> bool:
        """Whether the inputs do not fit each other at the old batch either."""
        try:
            self._inferred(node, [one.at_old for one in inputs])
        except _MISFITS:
            return True
        return False

    def enter(self, body: GraphProto, inputs: Sequence[Known]) -> None:
        """Makes known what the body of a node begins with: its inputs, and constants of its own."""
        # Bodies of one node use the same names.
        self.types.update(types_of(body))
        for value, one in zip(body.input, inputs, strict=False):
            is_told = one.elem_type or one.old is not None
            self.known[value.name] = one if is_told else self._input(value.name, False)
        for tensor in body.initializer:
            self.known[tensor.name] = self._constant(tensor, tensor.name)

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
            return {name: replace(old, new=old.old) for name, old in olds.items()}
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
        self, node: NodeProto, inputs: list[Known], outputs: Mapping[str, Known]
    ) -> bool:
        """Whether the outputs have the batch, if an input has it, or every item has its turn."""
        if node.op_type == "Gather" and inputs[1].counts_items:
            return _has_every_item(node, inputs[0], self.batch)
        reaches = is_scattered(node, inputs, self.batch) and operands_fit(node, inputs, self.batch)
        if not reaches:
            return False
        if self._may_lose(node) or not any(self.batch.has(one) for one in inputs):
            return True
        named = [one for name, one in zip(node.input, inputs, strict=True) if name]
        if not all(one.is_known for one in named):
            return True  # it depends on values: only a run would tell
        # An initial state of one item passes ONNX's inference, and no runtime.
        if any(True for _ in _lone_states(node, inputs, self.batch)):
            return False
        names = node.output[:1] if node.op_type in _FIRST_ONLY else node.output
        known = [outputs[name] for name in names if name and outputs[name].is_known]
        return all(
            self.batch.has(one) and not is_misplaced(node, inputs, one, self.batch) for one in known
        )

    def _may_lose(self, node: NodeProto) -> bool:
        """Whether the outputs of a node may be without the batch."""
        # Nobody knows the shapes of a plugin.
        is_plugin = node.domain not in ONNX_DOMAINS or not onnx.defs.has(node.op_type, self.opset)
        return is_plugin or node.op_type in _MAY_LOSE or node.op_type.startswith("Reduce")

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

    def _lost(self, node: NodeProto, olds: Sequence[Known]) -> str:
        texts = ", ".join(shape_text(one.old) for one in olds if one.old is not None)
        given = f", which gives {texts} at batch {self.batch.old}" if texts else ""
        return (
            f"the batch is lost in node '{node.name}' ({node.op_type}){given}: export the model "
            f"with an open batch, or with batch {self.batch.new}"
        )


def _has_every_item(node: NodeProto, data: Known, batch: Batch) -> bool:
    """Whether what a Loop over all items picks from is long enough, as far as that is known."""
    axis = next((one.i for one in node.attribute if one.name == "axis"), 0)
    return data.new is None or data.new[axis] >= batch.new


def _repaired(inputs: list[Known], attempt: tuple[Edit, ...]) -> list[Known]:
    """What a node reads once an attempt is made."""
    repaired = list(inputs)
    for edit in attempt:
        if edit.index >= 0:
            repaired[edit.index] = edit.known(repaired[edit.index])
    return repaired


def _lone_states(node: NodeProto, inputs: list[Known], batch: Batch) -> Iterator[int]:
    """The initial states of a recurrent node that are of the old batch."""
    if node.op_type in ("GRU", "LSTM", "RNN") and batch.has(inputs[0]):
        for index in (5, 6):
            if index < len(inputs) and node.input[index] and not batch.has(inputs[index]):
                yield index
