"""Loads a model: every source becomes one `Model`, an ONNX graph and its origin."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx

from trtcore.errors import ModelError, OptionError, argument
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.model import Model
from trtcore.models.onnx.graph import (
    from_proto,
    load_onnx,
)
from trtcore.models.onnx.shape_ranges import Shapes, has_range, with_ranges
from trtcore.models.onnx.shapes import with_shapes
from trtcore.system import file_kind
from trtcore.system.files import check_readable, packing

_ACCEPTED = (
    "googlenet (built in), FILE.onnx, FILE.prototxt of a Caffe model, or, to profile or inspect, "
    "FILE.plan"
)


def load_model(
    source: str | Path | Model | onnx.ModelProto,
    *,
    weights: str | Path | None = None,
    batch: int | None = None,
    shapes: Shapes | None = None,
    outputs: Sequence[str] = (),
    cut_unsupported: bool = False,
    allow_external: bool = False,
) -> Model:
    """Loads a model from any source and makes its input shapes static.

    Args:
        source: ``googlenet``, a path (``./googlenet`` is a path too), or a graph in memory.
        weights: the ``.caffemodel`` of a ``.prototxt``; seeded random weights without it.
        batch: leading dimension of every input that has a batch dimension.
        shapes: whole input shapes by name, or (min, opt, max) of them to build an engine for a
            range, see `with_ranges`.
        outputs: blobs to take as the network's outputs, Caffe only.
        cut_unsupported: leave out layers that are not supported and those behind them, Caffe only.
        allow_external: read external data outside the folder of an ONNX file too.

    Returns:
        The model with static shapes, every node named.

    Raises:
        ModelError: not readable, not a model, or it does not fit the shapes.
        OptionError: an option that makes no sense for this source.
    """
    is_caffe = isinstance(source, (str, Path)) and _kind(source) == "caffe"
    if not is_caffe:
        _check_no_caffe_options(weights, outputs, cut_unsupported)
    of_caffe = _CaffeOptions(weights, batch, shapes or {}, outputs, cut_unsupported)
    read = _read(source, of_caffe, allow_external)
    is_own = not isinstance(source, Model)
    if shapes and has_range(shapes):
        return with_ranges(read, batch, shapes, in_place=is_own)
    return with_shapes(read, batch, shapes, in_place=is_own)


def is_onnx_file(source: str | Path) -> bool:
    """Whether a model is an ONNX file: not the built-in one, and no Caffe model.

    Raises:
        ModelError: it is no model.
    """
    return _kind(source) == "onnx"


@dataclass(frozen=True)
class _CaffeOptions:
    """What importing a Caffe model depends on; only `batch` concerns the built-in model too."""

    weights: str | Path | None
    batch: int | None
    shapes: Shapes
    outputs: Sequence[str]
    cut_unsupported: bool


def _check_no_caffe_options(
    weights: str | Path | None, outputs: Sequence[str], cut_unsupported: bool
) -> None:
    if weights is not None:
        raise OptionError(f"{argument('weights')} belongs to a Caffe model, give its .prototxt")
    if outputs:
        raise OptionError(
            f"{argument('outputs', outputs)} names blobs of a Caffe model, give its .prototxt; "
            "it does not name an output file"
        )
    if cut_unsupported:
        raise OptionError(
            f"{argument('cut_unsupported')} belongs to a Caffe model, give its .prototxt"
        )


def _read(
    source: str | Path | Model | onnx.ModelProto,
    options: _CaffeOptions,
    allow_external: bool,
) -> Model:
    if isinstance(source, Model):
        return source
    if isinstance(source, onnx.ModelProto):
        return from_proto(source)
    kind = _kind(source)
    if kind == "googlenet":
        return googlenet() if options.batch is None else googlenet(options.batch)
    if kind == "caffe":
        return _read_caffe(source, options)
    return load_onnx(source, allow_external=allow_external)


def _read_caffe(source: str | Path, options: _CaffeOptions) -> Model:
    # Imported here, so that only a Caffe model pays for its importer.
    from trtcore.models.caffe.ranges import load_caffe_range

    return load_caffe_range(
        source,
        options.weights,
        batch=options.batch,
        shapes=options.shapes,
        outputs=options.outputs,
        cut_unsupported=options.cut_unsupported,
    )


def _kind(source: str | Path) -> str:
    """``googlenet``, ``onnx`` or ``caffe``, by name and then by content."""
    # The name of the built-in model goes before a file of that name: ./googlenet is the file.
    if source == "googlenet":
        return "googlenet"
    suffix = Path(source).suffix.lower()
    if suffix in file_kind.PLAN_SUFFIXES:
        raise ModelError(
            f"{source}: is an engine already, not a model: 'trtcore profile {source}' times it, "
            f"'trtcore inspect {source}' shows it"
        )
    if suffix == ".caffemodel":
        raise ModelError(
            f"{source}: holds weights only; give the .prototxt, with "
            f"{argument('weights', str(source))}"
        )
    if suffix in (".onnx", ".prototxt"):
        # A plan under a model's name: both parsers would only say that it is damaged.
        if os.path.isfile(source) and file_kind.kind_of(_head(source)) == file_kind.PLAN:
            raise ModelError(_misnamed_plan(source))
        return "onnx" if suffix == ".onnx" else "caffe"
    return _kind_by_content(source)


def _kind_by_content(source: str | Path) -> str:
    if source != "" and not os.path.exists(source):
        raise ModelError(f"{source}: no such file or built-in model; accepted: {_ACCEPTED}")
    head = _head(source)
    kind = file_kind.kind_of(head)
    if kind == file_kind.PLAN:
        raise ModelError(_misnamed_plan(source))
    # Files of PyTorch are zip archives: to unpack one is no help.
    if (packed := packing(head)) and packed != "zip":
        raise ModelError(f"{source}: is packed by {packed}: unpack it")
    if kind in (file_kind.ONNX, file_kind.CAFFE):
        return "onnx" if kind == file_kind.ONNX else "caffe"
    raise ModelError(f"{source}: neither ONNX nor Caffe prototxt; accepted: {_ACCEPTED}")


def _head(source: str | Path) -> bytes:
    with check_readable(source, ModelError).open("rb") as file:
        return file.read(file_kind.HEAD_BYTES)


def _misnamed_plan(source: str | Path) -> str:
    return f"{source}: is {file_kind.PLAN}, not a model: name it .plan to profile it"
