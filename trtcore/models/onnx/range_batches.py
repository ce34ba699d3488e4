"""A graph that was exported with one batch, changed so that it takes every batch of a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from onnx import ModelProto

from trtcore.errors import ModelError, argument, few
from trtcore.models.model import Model
from trtcore.models.onnx.batch import free_batch
from trtcore.models.onnx.batch_edits import Edit
from trtcore.models.onnx.batch_free import NotLinearError, free_edits
from trtcore.models.onnx.batch_start import Starts
from trtcore.models.onnx.graph import model_inputs, opset_version, tensor_info
from trtcore.models.onnx.shapes import batch_edits, with_shapes
from trtcore.models.onnx.walk import walk_nodes
from trtcore.models.onnx.weights import without_weights

Shape = tuple[int, ...]


class Points(NamedTuple):
    """The given shapes at the ends and the optimum of their ranges, by input."""

    least: dict[str, Shape]
    optimum: dict[str, Shape]
    most: dict[str, Shape]


class Freed(NamedTuple):
    """A model that takes every batch of a range.

    Attributes:
        model: with a note on each kind of change.
        is_own: whether its graph may be changed further.
        tried: the same without its weights, at the least, the optimum and the most.
        starts: of its graph.
    """

    model: Model
    is_own: bool
    tried: tuple[Model, ...]
    starts: Starts


def freed(
    model: Model,
    led: Sequence[str],
    batch: int | None,
    points: Points,
    *,
    in_place: bool,
) -> Freed:
    """Lets every batch of a range through a graph.

    Args:
        model: the model.
        led: inputs whose leading dimension is in a range.
        batch: of the inputs that are in none.
        points: the shapes of the ranges.
        in_place: change the graph of the model itself.

    Raises:
        OptionError: what `with_shapes` has against a shape.
        ModelError: the model does not fit a shape, or a node holds one batch and cannot be changed.
    """
    # Each size is tried out before the build: without the weights, which no shape depends on.
    bare, starts = _bare(model), Starts()
    if edits := _edits(bare, led, points, starts):
        model, in_place = _own(model, in_place), True
        notes = _free(model, edits, led, points)
        model = replace(model, notes=(*model.notes, *notes))
        bare, starts = _bare(model), Starts(starts.constants)
    tried = _tried(bare, batch, points, starts)
    # What no walk found: the walk wants one batch of all inputs.
    if targets := _of_one_batch(bare, tried, points):
        model, in_place = _own(model, in_place), True
        found = free_batch(model.proto, targets)
        model = replace(model, notes=(*model.notes, *found))
        bare, starts = _bare(model), Starts(starts.constants)
        tried = _tried(bare, batch, points, starts)
    return Freed(model, in_place, tried, starts)


def _bare(model: Model) -> Model:
    return replace(model, proto=without_weights(model.proto))


def _tried(bare: Model, batch: int | None, points: Points, starts: Starts) -> tuple[Model, ...]:
    """The model at each of the points."""
    return tuple(with_shapes(bare, batch, point, starts=starts) for point in points)


class _Edits(NamedTuple):
    """What two batches of a range take, and these batches."""

    edits: tuple[tuple[Edit, ...], tuple[Edit, ...]]
    batches: tuple[int, int]


def _edits(bare: Model, led: Sequence[str], points: Points, starts: Starts) -> _Edits | None:
    """What two batches take; None if the graph lets others than its own through as it is.

    Large ones: a Slice of the first 4 items is no hindrance for 2.

    Raises:
        ModelError: a node that lets no other batch through than that of the export.
    """
    # Numbers are computed from the batch of one input, so all have to have the same.
    ranges = {tuple(point[name][0] for point in points) for name in led}
    if len(ranges) != 1:
        return None
    ((_, _, most),) = ranges
    found: dict[int, tuple[Edit, ...]] = {}
    for batch in range(most, most + 3):
        shapes = {name: (batch, *points.optimum[name][1:]) for name in led}
        edits, batches = batch_edits(bare, {**points.optimum, **shapes}, starts)
        if batches != (0, 0):  # not its own
            found[batch] = edits
        if len(found) == 2:
            (one, first), (other, second) = found.items()
            return _Edits((first, second), (one, other)) if first else None
    return None


def _free(model: Model, edits: _Edits, led: Sequence[str], points: Points) -> list[str]:
    """Changes the graph in place, for every batch.

    Raises:
        ModelError: a node that cannot be changed so.
    """
    proto, most = model.proto, points.most[led[0]][0]
    opset = opset_version(proto)
    try:
        return free_edits(proto.graph, edits.edits, edits.batches, most, led[0], opset)
    except NotLinearError as error:
        raise _one_batch_only(model, str(error), points) from None


def _one_batch_only(model: Model, name: str, points: Points) -> ModelError:
    op = next((one.op_type for one in walk_nodes(model.proto.graph) if one.name == name), "")
    node = f"{model.name}: node '{name}' ({op}) holds one batch"
    if inputs := few(f"'{one}'" for one in _parted(model, points)):
        return ModelError(f"{node}: give {inputs} the same batches in {argument('shapes')}")
    return ModelError(
        f"{node}, and takes no range of them: give one shape per input with {argument('shapes')}"
    )


def _parted(model: Model, points: Points) -> list[str]:
    """The inputs that have one batch in the file, and are given several; none if there are none.

    Numbers are computed from the batch of one input, so that they need the same.
    """
    alike: dict[Shape, list[str]] = {}
    given = {}
    for one in model_inputs(model):
        alike.setdefault(one.shape[:1], []).append(one.name)
        given[one.name] = tuple(point.get(one.name, one.shape)[:1] for point in points)
    parted = (names for names in alike.values() if len({given[name] for name in names}) > 1)
    return next(parted, [])


def _of_one_batch(bare: Model, tried: Sequence[Model], points: Points) -> dict[str, list[int]]:
    """The nodes that have one batch written into them, each with a target that fits every shape.

    Args:
        bare: the model without its weights.
        tried: the same at the least, the optimum and the most.
        points: the shapes of these.

    Raises:
        ModelError: such a node is no Reshape.
    """
    before = {node.name: list(node.input) for node in walk_nodes(bare.proto.graph)}
    settled = [model.proto.graph for model in tried]
    changed = {
        node.name: node
        for graph in settled
        for node in walk_nodes(graph)
        if list(node.input) != before.get(node.name, list(node.input))
    }
    if not changed:
        return {}
    shapes = [{v.name: tensor_info(v).shape for v in (*g.value_info, *g.output)} for g in settled]
    targets = {}
    for name, node in changed.items():
        found = {one.get(node.output[0], ()) for one in (shapes[0], shapes[2])}
        if len(found) == 1 and () not in found:
            continue  # another batch than the file's, but one for the whole range
        lengths = [set(dims) for dims in zip(*found, strict=True)]
        targets[name] = [dims.pop() if len(dims) == 1 else -1 for dims in lengths]
        if node.op_type != "Reshape" or targets[name].count(-1) != 1:
            raise _one_batch_only(bare, name, points)
    return targets


def _own(model: Model, is_own: bool) -> Model:
    """The model with a graph that may be changed."""
    if is_own:
        return model
    copy = ModelProto()
    copy.CopyFrom(model.proto)
    return replace(model, proto=copy)
