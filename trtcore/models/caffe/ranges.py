"""Imports a Caffe net for a range of shapes, if one graph holds for all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trtcore.errors import ModelError, argument
from trtcore.models.caffe.builder import Requested
from trtcore.models.caffe.importer import Import, load_caffe
from trtcore.models.caffe.weights import Weights
from trtcore.models.model import Model
from trtcore.models.onnx.shape_ranges import has_range, is_range

# Places of the least, the optimal and the largest shape in a range.
_LEAST, _OPTIMUM, _MOST = range(3)


def load_caffe_range(
    prototxt: str | Path,
    caffemodel: str | Path | None,
    *,
    batch: int | None,
    shapes: Mapping[str, Sequence[Any]],
    outputs: Sequence[str],
    cut_unsupported: bool,
) -> Model:
    """Imports a net for its shapes, or for the optimum of their ranges.

    Padding, crops and reshapes are worked out for one size. A range is taken if both its ends give
    the same graph, as they do where only the batch varies.

    Args: those of `load_caffe`; of ``shapes`` some or all are (min, opt, max), and ``batch`` is
    left to `with_ranges` where the batch has a range.

    Raises:
        ModelError: as `load_caffe`, or a range of sizes that no one graph holds for.
    """
    # A range of another length is refused where ranges are read.
    has_three = all(len(one) == 3 for one in shapes.values() if is_range(one))
    optimum = _at(shapes, _OPTIMUM) if has_three else {}
    is_led = has_three and any(
        _at(shapes, end)[name][:1] != optimum[name][:1]
        for end in (_LEAST, _MOST)
        for name in optimum
    )
    model = load_caffe(
        prototxt,
        caffemodel,
        batch=None if is_led else batch,
        shapes=optimum,
        outputs=outputs,
        cut_unsupported=cut_unsupported,
    )
    if has_range(shapes) and has_three:
        _check_ends(prototxt, shapes, outputs, cut_unsupported)
    return model


def _at(shapes: Mapping[str, Sequence[Any]], place: int) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(given[place]) if is_range(given) else tuple(given)
        for name, given in shapes.items()
    }


def _check_ends(
    prototxt: str | Path,
    shapes: Mapping[str, Sequence[Any]],
    outputs: Sequence[str],
    cut_unsupported: bool,
) -> None:
    """Raises ModelError unless the sizes of both ends give one graph, whatever the batch."""
    optimum = _at(shapes, _OPTIMUM)
    structures = []
    for place in range(3):
        # The batch is that of the optimum: what holds it is rewritten where ranges are read.
        at = {name: (*optimum[name][:1], *dims[1:]) for name, dims in _at(shapes, place).items()}
        made = Import(prototxt, Weights(None, 0), Requested(None, at))
        made.run(outputs, cut_unsupported)
        structures.append(made.structure())
    least, middle, most = structures
    for name in {**least, **middle, **most}:
        if len({least.get(name), middle.get(name), most.get(name)}) > 1:
            raise ModelError(
                f"{prototxt}: {name!r} depends on the size of the inputs, so that one engine does "
                f"not hold for all of {argument('shapes', dict(shapes))}: give one size"
            )
