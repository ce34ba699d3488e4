"""A model for a range of input shapes: what of it may vary, and the shapes of a run.

The graph in memory stays one of static shapes, those of the run, so that whatever runs or converts
it works as ever; `opened` gives an engine builder the graph with the dimensions that may vary.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from onnx import GraphProto, ModelProto, ValueInfoProto

from trtcore.errors import ModelError, OptionError, argument
from trtcore.models.model import DynamicInput, Model
from trtcore.models.onnx.batch import free_batch
from trtcore.models.onnx.batch_edits import Edit
from trtcore.models.onnx.batch_free import NotLinearError, free_edits
from trtcore.models.onnx.graph import graph_inputs, model_inputs, opset_version, tensor_info
from trtcore.models.onnx.shapes import batch_edits, declared_dims, with_shapes
from trtcore.models.onnx.walk import bodies, walk_nodes
from trtcore.models.onnx.weights import without_weights
from trtcore.result.types.shapes import ShapeRange, shape_text

Shape = tuple[int, ...]
Shapes = Mapping[str, Sequence[Any]]
"""By input: a shape, or three of them: least, optimum and most."""


class _Points(NamedTuple):
    """The given shapes at the ends and the optimum of their ranges."""

    least: dict[str, Shape]
    optimum: dict[str, Shape]
    most: dict[str, Shape]


def has_range(shapes: Shapes | None) -> bool:
    """Whether a range is among the shapes."""
    return any(map(is_range, (shapes or {}).values()))


def is_range(shape: Sequence[Any]) -> bool:
    """Whether it is three shapes and not one."""
    return bool(shape) and isinstance(shape[0], Sequence)


def with_ranges(
    model: Model, batch: int | None, shapes: Shapes, *, in_place: bool = False
) -> Model:
    """Settles the shapes of a run as `with_shapes` does, and notes what else an engine is to take.

    An input that was not given follows the symbols it shares with one that was.

    Args:
        model: the model; it is not changed, unless ``in_place``.
        batch: leading dimension of the run, for inputs whose leading dimension is in a range; the
            optimum if left out.
        shapes: shapes or ranges by input name.
        in_place: change the graph of the model itself, see `with_shapes`.

    Raises:
        OptionError: a range that is none, or what `with_shapes` has against one of its shapes.
        ModelError: the model does not fit a shape of the range.
    """
    points = _points(shapes)
    led = [name for name in shapes if points.least[name][:1] != points.most[name][:1]]
    run = dict(points.optimum)
    for name in led:
        run[name] = _with_batch(name, batch, points)
    others = None if led else batch
    # Each end is tried out before the build: without the weights, which no shape depends on.
    bare = replace(model, proto=without_weights(model.proto))
    if led and (edits := _edits_of_batches(bare, led, points)):
        model, in_place = _own(model, in_place), True
        notes = _free(model, edits, led, points)
        _free(bare, edits, led, points)
        model = replace(model, notes=(*model.notes, *notes))
    if targets := _of_one_batch(bare, others, points):
        model, in_place = _own(model, in_place), True
        found = free_batch(model.proto, targets)
        model = replace(model, notes=(*model.notes, *found))
        free_batch(bare.proto, targets)
    ends = _Points(*(_shapes(with_shapes(bare, others, point)) for point in points))
    dynamic = tuple(
        _dynamic(value, ends)
        for value in graph_inputs(model.proto.graph)
        if ends.least[value.name] != ends.most[value.name]
    )
    settled = with_shapes(model, others, run, in_place=in_place)
    return replace(settled, dynamic=dynamic, notes=_range_notes(settled, dynamic))


def _range_notes(settled: Model, dynamic: Sequence[DynamicInput]) -> tuple[str, ...]:
    """The notes of a model, and one for each range."""
    ran = _shapes(settled)
    ranges = (
        f"the engine takes {one.range.text}; the run has {shape_text(ran[one.range.name])}"
        for one in dynamic
    )
    return (*settled.notes, *ranges)


def run_shapes(model: Model) -> dict[str, Shape]:
    """The shapes of the run, of the inputs whose shape may vary."""
    varying = {one.range.name for one in model.dynamic}
    return {one.name: one.shape for one in model_inputs(model) if one.name in varying}


@contextlib.contextmanager
def opened(model: Model) -> Iterator[ModelProto]:
    """The graph with symbols for the dimensions that may vary, for as long as it is needed.

    It is the model's own, which has its static shapes back afterwards: a copy would double the
    weights.
    """
    proto = model.proto
    if not model.dynamic:
        yield proto
        return
    graphs = [proto.graph, *(body for node in walk_nodes(proto.graph) for body in bodies(node))]
    kept = [_Kept(graph) for graph in graphs]
    try:
        symbols = {one.range.name: one.dims for one in model.dynamic}
        for value in proto.graph.input:
            if value.name in symbols:
                _write_dims(value, symbols[value.name])
        for graph in graphs:
            graph.ClearField("value_info")
        for value in proto.graph.output:
            if value.type.HasField("tensor_type"):
                value.type.tensor_type.ClearField("shape")
        yield proto
    finally:
        for one in kept:
            one.restore()


class _Kept:
    """What a graph says of shapes, to be put back."""

    def __init__(self, graph: GraphProto) -> None:
        self._graph = graph
        self._copy = GraphProto()
        self._copy.input.extend(graph.input)
        self._copy.output.extend(graph.output)
        self._copy.value_info.extend(graph.value_info)

    def restore(self) -> None:
        for name in ("input", "output", "value_info"):
            self._graph.ClearField(name)
            getattr(self._graph, name).extend(getattr(self._copy, name))


def _points(shapes: Shapes) -> _Points:
    points = _Points({}, {}, {})
    for name, given in shapes.items():
        of_input = [tuple(one) for one in given] if is_range(given) else [tuple(given)] * 3
        _check_range(name, given, of_input)
        for point, shape in zip(points, of_input, strict=True):
            point[name] = shape
    return points


def _check_range(name: str, given: Sequence[Any], points: Sequence[Shape]) -> None:
    """Raises OptionError unless it is least, optimum and most of one rank, in that order."""
    named = argument("shapes", {name: given})
    if len(points) != 3:
        raise OptionError(f"{named} has {len(points)} shapes, expected one, or min, opt and max")
    if len({len(point) for point in points}) > 1:
        raise OptionError(f"{named}: min, opt and max have different numbers of dimensions")
    if points[0] and points[0][0] < 1:
        raise OptionError(
            f"shape {name}:{shape_text(points[0])}: every dimension must be 1 or more"
        )
    for axis, dims in enumerate(zip(*points, strict=True)):
        if not dims[0] <= dims[1] <= dims[2]:
            raise OptionError(
                f"{named}: dimension {axis} is {dims[0]}, {dims[1]} and {dims[2]}, which is not in "
                "the order min, opt, max"
            )


def _with_batch(name: str, batch: int | None, points: _Points) -> Shape:
    """The shape that an input is run with."""
    optimum = points.optimum[name]
    if batch is None:
        return optimum
    least, most = points.least[name][0], points.most[name][0]
    if not least <= batch <= most:
        raise OptionError(
            f"{argument('batch', batch)} is outside {least} to {most}, the range of '{name}'"
        )
    return (batch, *optimum[1:])


class _Edits(NamedTuple):
    """What two batches of a range take, and these batches."""

    edits: tuple[tuple[Edit, ...], tuple[Edit, ...]]
    batches: tuple[int, int]


def _edits_of_batches(bare: Model, led: Sequence[str], points: _Points) -> _Edits | None:
    """What two batches take; None if the graph lets others than its own through as it is.

    Large ones: a Slice of the first 4 items is no hindrance for 2.

    Raises:
        ModelError: a node that lets no other batch through than that of the export.
    """
    most = points.most[led[0]][0]
    found: dict[int, tuple[Edit, ...]] = {}
    for batch in range(most, most + 3):
        shapes = {name: (batch, *points.optimum[name][1:]) for name in led}
        edits, batches = batch_edits(bare, {**points.optimum, **shapes})
        if batches != (0, 0):  # not its own
            found[batch] = edits
        if len(found) == 2:
            (one, first), (other, second) = found.items()
            return _Edits((first, second), (one, other)) if first else None
    return None


def _free(model: Model, edits: _Edits, led: Sequence[str], points: _Points) -> list[str]:
    """Changes the graph in place, for every batch.

    Raises:
        ModelError: a node that cannot be changed so.
    """
    proto, most = model.proto, points.most[led[0]][0]
    try:
        return free_edits(
            proto.graph, edits.edits, edits.batches, most, led[0], opset_version(proto)
        )
    except NotLinearError as error:
        node = next((one for one in proto.graph.node if one.name == str(error)), None)
        raise _one_batch_only(model.name, str(error), node.op_type if node else "") from None


def _one_batch_only(model: str, node: str, op: str) -> ModelError:
    return ModelError(
        f"{model}: node '{node}' ({op}) holds one batch, and takes no range of them: give one "
        f"shape per input with {argument('shapes')}"
    )


def _of_one_batch(bare: Model, batch: int | None, points: _Points) -> dict[str, list[int]]:
    """The nodes that have one batch written into them, each with a target that fits every shape.

    Raises:
        ModelError: the model does not fit a shape, or such a node is no Reshape.
    """
    before = {node.name: list(node.input) for node in bare.proto.graph.node}
    settled = [with_shapes(bare, batch, point).proto.graph for point in points]
    changed = {
        node.name: node
        for graph in settled
        for node in graph.node
        if list(node.input) != before.get(node.name)
    }
    shapes = [{v.name: tensor_info(v).shape for v in (*g.value_info, *g.output)} for g in settled]
    targets = {}
    for name, node in changed.items():
        found = {one.get(node.output[0], ()) for one in (shapes[0], shapes[2])}
        lengths = [set(dims) for dims in zip(*found, strict=True)] if len(found) > 1 else []
        targets[name] = [dims.pop() if len(dims) == 1 else -1 for dims in lengths]
        if node.op_type != "Reshape" or targets[name].count(-1) != 1:
            raise _one_batch_only(bare.name, name, node.op_type)
    return targets


def _shapes(settled: Model) -> dict[str, Shape]:
    return {one.name: one.shape for one in model_inputs(settled)}


def _own(model: Model, is_own: bool) -> Model:
    """The model with a graph that may be changed."""
    if is_own:
        return model
    copy = ModelProto()
    copy.CopyFrom(model.proto)
    return replace(model, proto=copy)


def _dynamic(value: ValueInfoProto, ends: _Points) -> DynamicInput:
    least, optimum, most = (point[value.name] for point in ends)
    dims: list[int | str] = []
    for axis, (declared, low, high) in enumerate(
        zip(declared_dims(value), least, most, strict=True)
    ):
        symbol = declared if isinstance(declared, str) else f"{value.name}_{axis}"
        dims.append(low if low == high else symbol)
    return DynamicInput(ShapeRange(value.name, least, optimum, most), tuple(dims))


def _write_dims(value: ValueInfoProto, dims: Sequence[int | str]) -> None:
    shape = value.type.tensor_type.shape
    shape.ClearField("dim")
    for dim in dims:
        if isinstance(dim, str):
            shape.dim.add(dim_param=dim)
        else:
            shape.dim.add(dim_value=dim)
