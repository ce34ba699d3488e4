"""From a Caffe deploy file and its weights to a `Model`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from trtcore.errors import ModelError, OptionError
from trtcore.models.caffe.conversion import Conversion
from trtcore.models.caffe.files.prototxt import Prototxt, read_prototxt
from trtcore.models.caffe.graph import Tensor
from trtcore.models.caffe.net import assemble
from trtcore.models.caffe.weights import Weights
from trtcore.models.model import Model


def load_caffe(
    prototxt: str | Path,
    caffemodel: str | Path | None = None,
    *,
    batch: int | None = None,
    outputs: Sequence[str] = (),
    seed: int = 0,
) -> Model:
    """Imports a Caffe net as an ONNX graph whose nodes and tensors have Caffe's layer names.

    The node that ends a layer has exactly the layer's name; where a layer takes several nodes,
    the others begin with it. All shapes are static.

    Args:
        prototxt: the deploy file, in text.
        caffemodel: its weights, binary; None draws random ones (He-normal, by layer and seed).
        batch: replaces the first dimension of every input; None keeps the file's.
        outputs: blobs or layers, by default the blobs that no layer reads; layers that none of
            them needs are left out.
        seed: seed of random weights, 0 or more.

    Returns:
        The model, float32. Its notes list what was left out, fields that were skipped, and
        weights that no layer uses.

    Raises:
        ModelError: a file cannot be read, the net is wrong or not supported, or the weights do
            not fit; one line that names the layers and their lines in the prototxt.
        OptionError: batch below 1, or seed below 0.
    """
    _check_numbers(batch, seed)
    net = assemble(parsed := read_prototxt(prototxt))
    weights = Weights(caffemodel, seed)
    conversion = Conversion(net, weights, batch)
    conversion.run(str(prototxt))
    tensors = _outputs(conversion, outputs, prototxt)
    proto, unneeded = conversion.graph.finish(net.name, tensors)
    notes = [*conversion.notes, *_notes(parsed, weights, unneeded)]
    name = _file_name(net.name) or Path(prototxt).stem
    return Model(name, proto, str(prototxt), weights.origin, tuple(notes))


def _file_name(name: str) -> str:
    # The name of a model becomes part of file names.
    return re.sub(r"[^\w.-]+", "_", name)


def _outputs(conversion: Conversion, outputs: Sequence[str], prototxt: str | Path) -> list[Tensor]:
    try:
        return conversion.outputs(outputs)
    except ModelError as problem:
        raise ModelError(f"{prototxt}: {problem}") from None


def _check_numbers(batch: int | None, seed: int) -> None:
    if batch is not None and batch < 1:
        raise OptionError(f"batch is {batch}, must be 1 or more")
    if seed < 0:
        raise OptionError(f"seed is {seed}, must be 0 or more")


def _notes(parsed: Prototxt, weights: Weights, unneeded: Sequence[str]) -> list[str]:
    lists = {
        "left out, not needed by any output": [repr(name) for name in unneeded],
        "unknown fields skipped": parsed.unknown_fields,
        "unused weights": weights.unused(),
    }
    return [f"{title}: {', '.join(items)}" for title, items in lists.items() if items]
