"""Static input shapes for an ONNX graph: batch, whole shapes and what follows from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from onnx import ModelProto, TensorShapeProto, ValueInfoProto

from trtcore.errors import ModelError, OptionError, argument, few
from trtcore.models.model import Model
from trtcore.models.onnx.batch_bodies import open_bodies
from trtcore.models.onnx.batch_edits import Edit, apply_edits
from trtcore.models.onnx.batch_start import Starts
from trtcore.models.onnx.batch_values import Batch
from trtcore.models.onnx.batch_walk import Carried, carried
from trtcore.models.onnx.graph import graph_inputs
from trtcore.models.onnx.inference import infer_shapes
from trtcore.models.onnx.weights import without_weights
from trtcore.result.types.shapes import shape_text

# What a dimension is before it is resolved: a number, a symbol, or nothing known.
_Dim = int | str | None
_Shapes = dict[str, list[_Dim]]


def with_shapes(
    model: Model,
    batch: int | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    *,
    in_place: bool = False,
    starts: Starts | None = None,
) -> Model:
    """Writes static input shapes into a copy of the graph and infers all others from them.

    A symbol (``N``, ``sequence``) that one input settles is settled in all of them. A leading
    dimension that stays open becomes 1, which is noted.

    Args:
        model: the model; it is not changed, unless ``in_place``.
        batch: leading dimension of every input that has a batch dimension: an open one, or,
            where there is none, the leading dimension that the inputs share.
        shapes: whole shapes by input name.
        in_place: change the graph of the model itself, which nobody else has: a copy would hold all
            weights a second time.
        starts: of this very graph, where it is given several shapes.

    Raises:
        OptionError: batch or a dimension below 1, a name that is no input, or a shape whose batch
            is another.
        ModelError: a shape that the model does not fit, or open dimensions left over.
    """
    proto = ModelProto()
    if in_place:
        proto = model.proto
    else:
        proto.CopyFrom(model.proto)
    inputs = [v for v in graph_inputs(proto.graph) if v.type.HasField("tensor_type")]
    declared: _Shapes = {value.name: declared_dims(value) for value in inputs}
    shapeless = {value.name for value in inputs if not value.type.tensor_type.HasField("shape")}
    given = _checked_options(model, declared, batch, shapes or {}, shapeless)
    wanted, notes = _resolved(model, declared, given, batch)
    notes += _shapeless_notes(shapeless - given.keys())
    # The file's own shapes are taken as valid: what inference objects to is only noted.
    starts = starts or Starts()
    is_lenient = wanted == declared or starts.is_odd(proto)
    prefix = _complaint(model, declared, wanted)
    found = _carried(proto, declared, wanted, prefix, starts)
    notes += [*apply_edits(proto.graph, found.edits), *found.notes]
    if found.batch != (0, 0):
        open_bodies(proto.graph)
    for value in inputs:
        _write_dims(value, wanted[value.name])
    notes += infer_shapes(proto, prefix, is_lenient=is_lenient)
    _complete_outputs(proto, found.outputs)
    return replace(model, proto=proto, notes=(*model.notes, *notes))


def batch_edits(
    model: Model, shapes: Mapping[str, Sequence[int]], starts: Starts
) -> tuple[tuple[Edit, ...], tuple[int, int]]:
    """What a graph needs for the batch of some shapes, and its own batch and theirs.

    Args:
        model: the model; it is not changed.
        shapes: whole shapes by input name.
        starts: of this very graph.

    Raises:
        OptionError: as `with_shapes`.
        ModelError: as `with_shapes`, or a node through which the batch cannot be carried.
    """
    proto = without_weights(model.proto)
    inputs = [v for v in graph_inputs(proto.graph) if v.type.HasField("tensor_type")]
    declared: _Shapes = {value.name: declared_dims(value) for value in inputs}
    given = _checked_options(model, declared, None, shapes, ())
    wanted, _ = _resolved(model, declared, given, None)
    found = _carried(proto, declared, wanted, _complaint(model, declared, wanted), starts)
    return found.edits, found.batch


def _complete_outputs(proto: ModelProto, shapes: Mapping[str, Sequence[int]]) -> None:
    """Writes the shapes of outputs that ONNX's inference leaves open, or as the file has them."""
    for output in proto.graph.output:
        if output.name in shapes:
            _write_dims(output, shapes[output.name])


def _carried(
    proto: ModelProto,
    declared: _Shapes,
    wanted: dict[str, list[int]],
    prefix: str,
    starts: Starts,
) -> Carried:
    """What the graph needs for the batch, if it is another than the file's.

    A file whose batch is open was traced with one all the same, 1 as a rule.
    """
    batched = _leading_another(declared, wanted)
    batches = {wanted[name][0] for name in batched}
    first = [declared[name][0] for name in batched]
    before = {dim if isinstance(dim, int) else 1 for dim in first}
    if len(batches) != 1 or len(before) != 1 or batches == before or 0 in before | batches:
        return Carried()
    is_open = not any(isinstance(dim, int) for dim in first)
    batch = Batch(before.pop(), batches.pop(), is_open)
    for value in graph_inputs(proto.graph):
        if value.name not in wanted:
            continue
        dims = wanted[value.name]
        _write_dims(value, [batch.old, *dims[1:]] if value.name in batched else dims)
    return replace(carried(proto, batched, batch, prefix, starts), batch=(batch.old, batch.new))


def _leading_another(declared: _Shapes, wanted: dict[str, list[int]]) -> list[str]:
    """The inputs whose leading dimension is the batch: all that share it, or those given another.

    Beside an image, a table keeps its own, and so does what is one for all items.
    """
    batched = [name for name in _batched(declared) if wanted[name]]
    others = [name for name in batched if wanted[name][0] == declared[name][0] != 1]
    if batched and (others or len({wanted[name][0] for name in batched}) == 1):
        return batched
    return [name for name, dims in wanted.items() if dims and dims[0] != declared[name][0]]


def _checked_options(
    model: Model,
    declared: _Shapes,
    batch: int | None,
    shapes: Mapping[str, Sequence[int]],
    shapeless: Collection[str],
) -> dict[str, list[int]]:
    if batch is not None and batch < 1:
        raise OptionError(f"{argument('batch')} is {batch}, must be 1 or more")
    for name, dims in shapes.items():
        if name not in declared:
            inputs = ", ".join(f"{key} {shape_text(value)}" for key, value in declared.items())
            raise OptionError(
                f"{argument('shapes')} names '{name}', but the inputs of {model.name} are: {inputs}"
            )
        if any(dim < _least(declared[name], axis) for axis, dim in enumerate(dims)):
            raise OptionError(f"shape {name}:{shape_text(dims)}: every dimension must be 1 or more")
        if name in shapeless:
            declared[name] = [None] * len(dims)
        if len(dims) != len(declared[name]):
            raise ModelError(
                f"{model.name}: input '{name}' was given as {shape_text(dims)}, but the model"
                f" wants {len(declared[name])} dimensions: {shape_text(declared[name])}"
            )
    for name in _batched(declared):
        if batch is not None and name in shapes and shapes[name][0] != batch:
            raise OptionError(
                f"{argument('batch', batch)} and {argument('shapes', {name: tuple(shapes[name])})} "
                "contradict each other: leave one of them out"
            )
    return {name: list(dims) for name, dims in shapes.items()}


def _least(declared: list[_Dim], axis: int) -> int:
    """The least that may be given: 0 behind the batch where it is open, as of an empty cache."""
    is_open = axis < len(declared) and not declared[axis]
    is_open |= axis < len(declared) and isinstance(declared[axis], str)
    return 0 if axis and is_open else 1


def _shapeless_notes(names: Collection[str]) -> list[str]:
    use = argument("shapes")
    return [
        f"input '{name}' has no shape in the file: a scalar was taken, {use} gives another"
        for name in sorted(names)
    ]


def _resolved(
    model: Model, declared: _Shapes, given: dict[str, list[int]], batch: int | None
) -> tuple[dict[str, list[int]], list[str]]:
    """The shape of every input, and notes on what was assumed."""
    rest = {name: dims for name, dims in declared.items() if name not in given}
    batched = _batched(rest)
    if batch is not None and not batched and not given:
        raise ModelError(f"{model.name}: no input has a batch dimension, use {argument('shapes')}")
    symbols = _given_symbols(model, declared, given)
    for symbol in _free_symbols(rest, batched) - symbols.keys():
        symbols[symbol] = 1 if batch is None or symbol not in _leading(rest, batched) else batch
    wanted: _Shapes = {name: list(dims) for name, dims in given.items()}
    notes = []
    for name, dims in rest.items():
        wanted[name] = [symbols.get(dim) if isinstance(dim, str) else dim for dim in dims]
        if name in batched and batch is not None and not isinstance(dims[0], str):
            wanted[name][0] = batch
        elif dims and dims[0] is None:
            wanted[name][0] = 1
        if batch is None and dims and not isinstance(dims[0], int) and wanted[name][0] == 1:
            notes.append(f"input '{name}' leaves its leading dimension open: 1 was taken")
    _refuse_open(model, declared, wanted)
    settled: dict[str, list[int]] = {
        name: [dim for dim in wanted[name] if isinstance(dim, int)] for name in declared
    }
    return settled, notes


def _given_symbols(model: Model, declared: _Shapes, given: dict[str, list[int]]) -> dict[str, int]:
    symbols: dict[str, int] = {}
    for name, dims in given.items():
        for symbol, dim in zip(declared[name], dims, strict=True):
            if isinstance(symbol, str) and symbols.setdefault(symbol, dim) != dim:
                raise ModelError(
                    f"{model.name}: '{symbol}' is {symbols[symbol]} and {dim} in the shapes given"
                )
    return symbols


def _batched(shapes: _Shapes) -> list[str]:
    """The inputs with a batch dimension: open leading ones, or the static one they share."""
    ranked = {name: dims[0] for name, dims in shapes.items() if dims}
    for first in ranked.values():
        if not isinstance(first, int):
            return [name for name, dim in ranked.items() if dim in (first, None)]
    # Vectors (lengths, labels) decide only where there is nothing else: theirs may be no batch.
    images = {name: dim for name, dim in ranked.items() if len(shapes[name]) > 1} or ranked
    return list(images) if len(set(images.values())) == 1 else []


def _leading(shapes: _Shapes, names: list[str]) -> set[str]:
    return {dim for name in names if isinstance(dim := shapes[name][0], str)}


def _free_symbols(shapes: _Shapes, batched: list[str]) -> set[str]:
    """Symbols that may be assumed: the batch, and those that only ever lead."""
    inner = {dim for dims in shapes.values() for dim in dims[1:] if isinstance(dim, str)}
    leading = _leading(shapes, [name for name, dims in shapes.items() if dims])
    return _leading(shapes, batched) | (leading - inner)


def _refuse_open(model: Model, declared: _Shapes, wanted: _Shapes) -> None:
    """Refuses dimensions that nothing settled, with the option to fill in."""
    left = {
        name: [
            symbol if dim is None else dim for symbol, dim in zip(declared[name], dims, strict=True)
        ]
        for name, dims in wanted.items()
        if not all(isinstance(dim, int) for dim in dims)
    }
    if left:
        names = ", ".join(f"'{name}' {shape_text(declared[name])}" for name in left)
        use = argument("shapes", {name: tuple(dims) for name, dims in left.items()})
        raise ModelError(f"{model.name}: input {names} has open dimensions: use {use}")


def _complaint(model: Model, declared: _Shapes, wanted: dict[str, list[int]]) -> str:
    """Start of the error message if the shapes do not fit."""
    changed = [
        f"input '{name}' as {shape_text(dims)} (the model says {shape_text(declared[name])})"
        for name, dims in wanted.items()
        if dims != declared[name]
    ]
    if not changed:
        return model.name
    batches = {
        was for name, dims in wanted.items() for was in declared[name][:1] if dims[:1] != [was]
    }
    # The likeliest cause: a batch that not all inputs were given.
    left = [
        f"input '{name}' left at {shape_text(dims)}"
        for name, dims in wanted.items()
        if dims == declared[name] and dims and dims[0] in batches
    ]
    beside = f" beside {few(left)}" if left else ""
    return f"{model.name} does not fit {', '.join(changed)}{beside}"


def declared_dims(value: ValueInfoProto) -> list[int | str | None]:
    """The dimensions of an input as the file has them: numbers, symbols, None for open ones."""
    return [_declared_dim(dim, axis) for axis, dim in enumerate(value.type.tensor_type.shape.dim)]


def _declared_dim(dim: TensorShapeProto.Dimension, axis: int) -> _Dim:
    if dim.dim_value > 0:
        return int(dim.dim_value)
    # Some exporters write 0 or -1 for a batch that is open; elsewhere 0 is a length, as that of an
    # empty cache.
    if dim.HasField("dim_value") and dim.dim_value == 0 and axis:
        return 0
    return dim.dim_param or None


def _write_dims(value: ValueInfoProto, dims: Sequence[int]) -> None:
    shape = value.type.tensor_type.shape
    shape.ClearField("dim")
    for dim in dims:
        shape.dim.add(dim_value=dim)
