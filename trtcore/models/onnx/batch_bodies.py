"""Carries a new batch through the bodies of If, Loop and Scan nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from onnx import GraphProto, NodeProto, TensorProto

from trtcore.models.onnx.batch_edits import Edit, Repeat, Retarget
from trtcore.models.onnx.batch_values import Batch, Known, LostError, Values
from trtcore.models.onnx.walk import bodies, walk_nodes

# Of a Loop: its trip count and its condition stand before the states, in node and body.
_BEFORE_STATES = 2
# Up to operator set 8 a Scan has an input more and a batch axis of its own.
_FIRST_SCAN = 9
# The number of an item of the batch.
_ITEM = Known(TensorProto.INT64, (), (), counts_items=True)


class Walk(Protocol):
    """What goes through a graph with the values that are known."""

    known: dict[str, Known]
    edits: list[Edit]
    opset: int
    batch: Batch

    def within(self, body: GraphProto, inputs: Sequence[Known]) -> AbstractContextManager[None]:
        """Knows what a body begins with, and afterwards what was known before."""

    def visit(self, node: NodeProto) -> None:
        """Goes through one node."""


def through_bodies(walk: Walk, node: NodeProto, inputs: Sequence[Known]) -> dict[str, Known] | None:
    """Goes through the bodies of a node.

    Args:
        walk: what goes through the graph around it.
        node: an If, Loop or Scan, or any other.
        inputs: of the node, at both batches.

    Returns:
        What the node writes, as far as it is known; None for a node of another kind.
    """
    if node.op_type == "If":
        return _named(node, _if(walk, node, inputs))
    if node.op_type == "Loop":
        return _named(node, _loop(walk, node, inputs))
    if node.op_type == "Scan" and walk.opset >= _FIRST_SCAN:
        return _named(node, _scan(walk, node, inputs))
    return None


def _named(node: NodeProto, outputs: Sequence[Known]) -> dict[str, Known]:
    pairs = zip(node.output, outputs, strict=False)  # a body that does not fit is the runtime's
    return {name: one for name, one in pairs if name}


def _through(walk: Walk, body: GraphProto, inputs: Sequence[Known]) -> list[Known]:
    with walk.within(body, inputs):
        for node in body.node:
            walk.visit(node)
        return [walk.known.get(value.name, Known()) for value in body.output]


def open_bodies(graph: GraphProto) -> None:
    """Leaves open which sizes bodies read and write: the file's are those of the old batch."""
    for node in walk_nodes(graph):
        for body in bodies(node):
            for value in (*body.input, *body.output):
                for dim in value.type.tensor_type.shape.dim:
                    dim.Clear()


def _if(walk: Walk, node: NodeProto, inputs: Sequence[Known]) -> list[Known]:
    """The outputs of the branch that is taken, or what both agree in."""
    branches = list(_taken(node, inputs))
    first, *others = [_through(walk, body, ()) for body in branches]
    return [
        one if all(_is_alike(one, other[index]) for other in others) else Known(one.elem_type)
        for index, one in enumerate(first)
    ]


def _taken(node: NodeProto, inputs: Sequence[Known]) -> Iterator[GraphProto]:
    """The branches that may be taken at the new batch.

    PyTorch writes ``squeeze`` as an If over the size of the axis: its other branch never runs.
    """
    by_name = {one.name: one.g for one in node.attribute}
    condition = inputs[0].new_values if inputs else None
    if condition is None:
        yield from bodies(node)
    else:
        yield by_name["then_branch" if condition.all() else "else_branch"]


def _loop(walk: Walk, node: NodeProto, inputs: Sequence[Known]) -> list[Known]:
    """What a Loop writes; its constant trip count becomes the new batch where only that fits."""
    number = _iteration(inputs[0], walk.batch)
    if number.counts_items or not _may_count(node, inputs, walk.batch):
        return _iterated(walk, node, inputs, number)
    done = len(walk.edits)
    try:
        return _iterated(walk, node, inputs, number)
    except LostError as lost:
        was = (walk.batch.old, walk.batch.new)
        walk.edits[done:] = [Retarget(node.name, 0, (walk.batch.new,), was)]
        try:
            return _iterated(walk, node, inputs, _ITEM)
        except LostError:
            del walk.edits[done:]
            raise lost from None


def _may_count(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> bool:
    """Whether a Loop of a constant trip count may be one over the items of the old batch.

    One iteration counts nothing, and with a state an item would depend on those before it.
    """
    is_constant = all(
        one is not None and one.ravel().tolist() == [batch.old] for one in _values(inputs[0])
    )
    return is_constant and batch.old > 1 and len(node.input) <= _BEFORE_STATES


def _iterated(walk: Walk, node: NodeProto, inputs: Sequence[Known], number: Known) -> list[Known]:
    """The states, as far as an iteration leaves their shapes; rows for the rest.

    Args:
        walk: what goes through the graph around it.
        node: the Loop.
        inputs: of it.
        number: of the iteration.
    """
    (body,) = bodies(node)
    states = [_any_value(one) for one in inputs[_BEFORE_STATES:]]

    def run() -> list[Known]:
        return _through(walk, body, [number, Known(), *states])[1:]

    outputs = _settled(walk, node, _BEFORE_STATES, states, run)
    kept = [
        one if _is_alike(one, state) else Known(one.elem_type)
        for one, state in zip(outputs, states, strict=False)
    ]
    rows = outputs[len(states) :]
    if number.counts_items:
        items = Known(old=(walk.batch.old,), new=(walk.batch.new,))
        return [*map(_any_value, kept), *(_with_axis(one, 0, items, 0) for one in rows)]
    # How often it runs is known to the run only, so that the lengths of the rows are not.
    return [*map(_any_value, kept), *(Known(one.elem_type) for one in rows)]


def _settled(
    walk: Walk,
    node: NodeProto,
    first: int,
    states: list[Known],
    run: Callable[[], list[Known]],
) -> list[Known]:
    """Goes through a body until every state that has the batch afterwards has it from the start.

    Within the body it would be repeated in every iteration, when it has been already.

    Args:
        walk: what goes through the graph around it.
        node: the Loop or Scan.
        first: which of its inputs is the first state.
        states: at the start; changed in place.
        run: goes through the body once; its results are the states, then the rows.
    """
    for _ in range(len(states)):
        done = len(walk.edits)
        outputs = run()
        lone = list(_lone(states, outputs, walk.batch))
        if not lone:
            return outputs
        del walk.edits[done:]
        for index, axis in lone:
            length = (states[index].old or ())[axis]
            edit = Repeat(node.name, first + index, axis, (length, walk.batch.scaled(length)))
            states[index] = edit.known(states[index])
            walk.edits.append(edit)
    return run()


def _lone(
    states: Sequence[Known], outputs: Sequence[Known], batch: Batch
) -> Iterator[tuple[int, int]]:
    """The states without the batch that an iteration gives it, each with the axis."""
    for index, (state, output) in enumerate(zip(states, outputs, strict=False)):
        if state.old is not None and state.old == state.new == output.old and batch.has(output):
            yield index, output.axis


def _iteration(trips: Known, batch: Batch) -> Known:
    """The number of a Loop's iteration: of an item, where as many are computed as there are."""
    was, now = (None if one is None else one.ravel().tolist() for one in _values(trips))
    if was == [batch.old] and now == [batch.new]:
        return _ITEM
    return Known()


def _values(known: Known) -> tuple[Values | None, Values | None]:
    return known.old_values, known.new_values


def _scan(walk: Walk, node: NodeProto, inputs: Sequence[Known]) -> list[Known]:
    """The states and the rows of a Scan, whose length is that of what it scans."""
    (body,) = bodies(node)
    numbers = {one.name: one.i for one in node.attribute}
    lists = {one.name: list(one.ints) for one in node.attribute}
    scanned = numbers["num_scan_inputs"]
    states = [_any_value(one) for one in inputs[: len(inputs) - scanned]]
    whole = inputs[len(inputs) - scanned :]
    axes = lists.get("scan_input_axes") or [0] * scanned
    rows = [_without_axis(one, axis) for one, axis in zip(whole, axes, strict=True)]
    outputs = _settled(walk, node, 0, states, lambda: _through(walk, body, [*states, *rows]))
    kept = [
        one if _is_alike(one, state) else Known(one.elem_type)
        for one, state in zip(outputs, states, strict=False)
    ]
    made = outputs[len(states) :]
    ends = lists.get("scan_output_axes") or [0] * len(made)
    stacked = [
        _with_axis(one, axis, whole[0], axes[0]) for one, axis in zip(made, ends, strict=True)
    ]
    return [*map(_any_value, kept), *stacked]


def _is_alike(one: Known, other: Known) -> bool:
    return (one.old, one.new) == (other.old, other.new)


def _any_value(one: Known) -> Known:
    """The same without its values, which are others in every iteration."""
    return replace(one, old_values=None, new_values=None)


def _without_axis(one: Known, axis: int) -> Known:
    """A row of what is scanned; its batch axis, if that is scanned, is gone."""
    if one.old is None or one.new is None:
        return Known(one.elem_type)
    at = axis % len(one.old)
    old, new = (shape[:at] + shape[at + 1 :] for shape in (one.old, one.new))
    return replace(_any_value(one), old=old, new=new)


def _with_axis(row: Known, axis: int, scanned: Known, scanned_axis: int) -> Known:
    """All rows of a Scan, along an axis as long as what was scanned."""
    if not row.is_known or scanned.old is None or scanned.new is None:
        return Known(row.elem_type)
    assert row.old is not None
    assert row.new is not None
    at = axis % (len(row.old) + 1)
    old, new = (
        (*shape[:at], whole[scanned_axis], *shape[at:])
        for shape, whole in ((row.old, scanned.old), (row.new, scanned.new))
    )
    return replace(_any_value(row), old=old, new=new)
