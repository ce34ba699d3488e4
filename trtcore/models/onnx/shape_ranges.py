"""A model for a range of input shapes: what of it may vary, and the shapes of a run.

The graph in memory stays one of static shapes, those of the run, so that whatever runs or converts
it works as ever; `opened` gives an engine builder the graph with the dimensions that may vary.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from onnx import GraphProto, ModelProto, ValueInfoProto

from trtcore.errors import ModelError, OptionError, argument
from trtcore.models.model import DynamicInput, Model
from trtcore.models.onnx.graph import graph_inputs, model_inputs
from trtcore.models.onnx.range_batches import Points, Shape, freed
from trtcore.models.onnx.shapes import declared_dims, with_shapes
from trtcore.models.onnx.walk import bodies, walk_nodes
from trtcore.result.types.shapes import ShapeRange, shape_text

Shapes = Mapping[str, Sequence[Any]]
"""By input: a shape, or three of them: least, optimum and most."""


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
    found = freed(model, led, others, points, in_place=in_place)
    _check_branches(model, found.tried)
    ends = Points(*map(_shapes, found.tried))
    dynamic = tuple(
        _dynamic(value, ends)
        for value in graph_inputs(found.model.proto.graph)
        if ends.least[value.name] != ends.most[value.name]
    )
    settled = with_shapes(found.model, others, run, in_place=found.is_own, starts=found.starts)
    return replace(settled, dynamic=dynamic, notes=_range_notes(settled, dynamic))


def _check_branches(model: Model, ends: Sequence[Model]) -> None:
    """Refuses an If that one shape settles and another does not, or settles otherwise.

    Raises:
        ModelError: with the node's name.
    """
    named = [{node.name for node in walk_nodes(end.proto.graph)} for end in ends]
    for node in walk_nodes(model.proto.graph):
        if node.op_type == "If" and len({_taken(node.name, names) for names in named}) > 1:
            raise ModelError(
                f"{model.name}: node '{node.name}' (If) takes another branch at another shape of "
                "the range, and one of them does not fit: give one shape per input with "
                f"{argument('shapes')}"
            )


def _taken(choice: str, nodes: Collection[str]) -> frozenset[str]:
    """The nodes of the branch that stands in the place of an If; none where that is there."""
    return frozenset(name for name in nodes if name.startswith(f"{choice}/")) - {choice}


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
        # A runtime holds a body to the lengths that it states, and needs the ranks.
        for value in (v for graph in graphs[1:] for v in (*graph.input, *graph.output)):
            for dim in value.type.tensor_type.shape.dim:
                dim.Clear()
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


def _points(shapes: Shapes) -> Points:
    points = Points({}, {}, {})
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


def _with_batch(name: str, batch: int | None, points: Points) -> Shape:
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


def _shapes(settled: Model) -> dict[str, Shape]:
    return {one.name: one.shape for one in model_inputs(settled)}


def _dynamic(value: ValueInfoProto, ends: Points) -> DynamicInput:
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
