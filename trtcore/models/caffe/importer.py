"""From a Caffe deploy file and its weights to a `Model`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from trtcore.errors import ModelError, OptionError
from trtcore.models.caffe.builder import Requested
from trtcore.models.caffe.conversion import Conversion
from trtcore.models.caffe.cut import Cut, cut_above
from trtcore.models.caffe.files.prototxt import Prototxt, read_prototxt
from trtcore.models.caffe.graph import Tensor
from trtcore.models.caffe.layers import TRAINING_ONLY
from trtcore.models.caffe.net import Layer, Net, assemble, with_inputs
from trtcore.models.caffe.problems import Problem, descriptions, raise_first, raise_unsupported
from trtcore.models.caffe.weights import Weights
from trtcore.models.caffe.wiring import Top, Wiring
from trtcore.models.model import Model


def load_caffe(
    prototxt: str | Path,
    caffemodel: str | Path | None = None,
    *,
    batch: int | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    outputs: Sequence[str] = (),
    cut_unsupported: bool = False,
    seed: int = 0,
) -> Model:
    """Imports a Caffe net as an ONNX graph whose nodes and tensors have Caffe's layer names.

    The node that ends a layer has exactly the layer's name; where a layer takes several nodes,
    the others begin with it. All shapes are static. Layers that no output needs are left out, and
    need not be supported.

    Args:
        prototxt: the deploy file, in text.
        caffemodel: its weights, binary; None draws random ones (He-normal, by layer and seed).
        batch: replaces the first dimension of every input; None keeps the file's.
        shapes: whole shapes of inputs by blob, in place of the file's.
        outputs: blobs or layers to be the outputs; empty means the blobs that no layer reads.
        cut_unsupported: take the last results above unsupported layers as outputs.
        seed: seed of random weights, 0 or more.

    Returns:
        The model, float32. Its notes list what was left out or cut, fields that were skipped, and
        weights that no layer uses.

    Raises:
        ModelError: a file cannot be read, the net is wrong or not supported, or the weights do
            not fit; one line that names the layers and their lines in the prototxt.
        OptionError: batch below 1, or seed below 0.
    """
    _check_numbers(batch, seed)
    made = Import(prototxt, Weights(caffemodel, seed), Requested(batch, shapes or {}))
    made.run(outputs, cut_unsupported)
    return made.model()


def _check_numbers(batch: int | None, seed: int) -> None:
    if batch is not None and batch < 1:
        raise OptionError(f"batch is {batch}, must be 1 or more")
    if seed < 0:
        raise OptionError(f"seed is {seed}, must be 0 or more")


class Import:
    """One net on its way to a graph, cut if it has to be and may be.

    Args:
        prototxt: the deploy file.
        weights: of its layers.
        requested: the input shapes that were requested.

    Raises:
        ModelError: the file cannot be read, or is no net.
    """

    def __init__(self, prototxt: str | Path, weights: Weights, requested: Requested) -> None:
        self._source = str(prototxt)
        self._parsed = read_prototxt(prototxt)
        self._net = with_inputs(assemble(self._parsed), requested.shapes)
        self._wiring = Wiring(self._net)
        self._weights = weights
        self._requested = requested
        self._notes: list[str] = []
        self._conversion = Conversion(self._wiring, weights, requested)
        self._outputs: list[Top] = []
        self._tensors: list[Tensor] = []

    def run(self, names: Sequence[str], may_cut: bool) -> None:
        """Converts what the outputs need.

        Raises:
            ModelError: all problems of the net, in one line.
        """
        try:
            self._convert(self._wiring.outputs(names))
            if may_cut:
                self._cut()
            self._check_computed(names)
        except ModelError as problem:
            raise ModelError(f"{self._source}: {problem}") from None
        self._refuse()

    def model(self) -> Model:
        """The graph with its weights, and the notes."""
        net = self._net
        proto, unneeded = self._conversion.graph.finish(net.name, self._tensors)
        # The name becomes part of file names.
        name = re.sub(r"[^\w.-]+", "_", net.name) or Path(self._source).stem
        lists = {
            "left out, no effect at inference": [_listed(self._conversion.idle)],
            "left out, training only": [_listed(_training_only(net))],
            "left out, not needed by any output": [*self._unneeded(), *map(repr, unneeded)],
            "unknown fields skipped": _other_fields(self._parsed),
            "unused weights": self._weights.unused(),
        }
        texts = {title: ", ".join(filter(None, items)) for title, items in lists.items()}
        notes = [*self._notes, *self._conversion.notes]
        notes += [f"{title}: {items}" for title, items in texts.items() if items]
        ends = self._conversion.ends
        return Model(name, proto, self._source, self._weights.origin, tuple(notes), ends=ends)

    def structure(self) -> dict[str, bytes]:
        """What each node does, and the constants that sizes decide, by name; without weights."""
        return self._conversion.graph.structure(self._tensors)

    def _cut(self) -> None:
        problems = [one for one in self._conversion.problems if one.is_unsupported]
        cut = cut_above(self._wiring, self._outputs, [one.layer for one in problems])
        if problems and cut.outputs:
            self._notes.append(_cut_note(self._wiring, cut, problems))
            self._convert(cut.outputs)

    def _convert(self, outputs: Sequence[Top]) -> None:
        self._weights.forget()
        self._outputs = list(outputs)
        self._conversion = Conversion(self._wiring, self._weights, self._requested)
        self._tensors = self._conversion.run(outputs)

    def _check_computed(self, names: Sequence[str]) -> None:
        """Raises ModelError if an output is an input of the net."""
        inputs = self._conversion.graph.inputs
        if not any(tensor in inputs for tensor in self._tensors):
            return
        if not names:
            raise ModelError(self._wiring.why_no_outputs())
        named = (name for name in names if any(name == one.name for one in inputs))
        name = next(named, names[0])
        raise ModelError(f"output {name!r} is an input of the net, no layer computes it")

    def _refuse(self) -> None:
        problems = self._conversion.problems
        unsupported = [one for one in problems if one.is_unsupported]
        if unsupported:
            cut = cut_above(self._wiring, self._outputs, [one.layer for one in unsupported])
            names = list(dict.fromkeys(map(self._wiring.name, cut.outputs)))
            raise_unsupported(self._source, unsupported, names)
        raise_first(self._source, problems)

    def _unneeded(self) -> list[str]:
        needed = self._wiring.needed(self._outputs)
        left_out = (one for one in self._wiring.layers if one not in needed)
        return list(dict.fromkeys(repr(one.name) for one in left_out if one.type != "Silence"))


def _cut_note(wiring: Wiring, cut: Cut, problems: Sequence[Problem]) -> str:
    names = ", ".join(repr(wiring.name(top)) for top in cut.outputs)
    count = len(cut.behind)
    lost = f", and {count} layer{'s' if count > 1 else ''} behind them" if count else ""
    return f"cut: {descriptions(problems)[0]}{lost}; the outputs are {names}"


def _other_fields(parsed: Prototxt) -> list[str]:
    """The unknown fields that are no parameters of a layer, each at its first place."""
    fields = {
        (one.message, one.name): str(one)
        for one in reversed(parsed.unknown_fields)
        if not one.may_change_result
    }
    return list(reversed(fields.values()))


def _training_only(net: Net) -> list[Layer]:
    return [*net.other_phase, *(one for one in net.layers if one.type in TRAINING_ONLY)]


def _listed(layers: Sequence[Layer]) -> str:
    return ", ".join(f"{layer.name!r} ({layer.kind})" for layer in layers)
