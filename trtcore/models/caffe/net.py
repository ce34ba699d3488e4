"""From a parsed prototxt to the layers that run in TEST phase, in one modern form."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from trtcore.errors import ModelError
from trtcore.models.caffe.files.prototxt import Prototxt, UnknownField

# Number of Phase in caffe.proto.
_TEST = 1


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of the net.

    Attributes:
        name: the layer's name; made from type and position where the file gives none.
        type: the modern type name, such as ``Convolution``.
        bottoms: names of the blobs it reads.
        tops: names of the blobs it writes.
        line: where it begins in the prototxt, 0 for the legacy ``input`` fields.
        message: its ``LayerParameter``.
        skipped: fields of it that are not known and may change what it computes.
    """

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    line: int
    message: Any
    skipped: tuple[UnknownField, ...] = ()

    @property
    def kind(self) -> str:
        """The type as messages show it."""
        return self.type if self.type.isidentifier() else repr(self.type)

    def __str__(self) -> str:
        place = f", line {self.line}" if self.line else ""
        return f"layer {self.name!r} ({self.kind}{place})"


@dataclass(frozen=True)
class Net:
    """The layers of the TEST phase in file order, and those left to training."""

    name: str
    layers: tuple[Layer, ...]
    other_phase: tuple[Layer, ...] = ()


def assemble(prototxt: Prototxt) -> Net:
    """Upgrades legacy forms and applies the phase rules.

    Raises:
        ModelError: no layers, modern and legacy layers mixed, the V0 format, or a layer with
            both include and exclude rules.

    Source: BVLC/caffe src/caffe/util/upgrade_proto.cpp and src/caffe/net.cpp, FilterNet.
    """
    net = prototxt.net
    if net.layer and net.layers:
        raise ModelError(f"{prototxt.path}: mixes `layer` and `layers` entries, use one of them")
    if not (net.layer or net.layers):
        raise ModelError(f"{prototxt.path}: has no layers, expected a Caffe net")
    lines = prototxt.layer_lines
    # Where the scan and the parser count differently, no line number is better than a wrong one.
    if len(lines) != len(net.layer) + len(net.layers):
        lines = (0,) * (len(net.layer) + len(net.layers))
    layers = [_modern(message, i, lines[i]) for i, message in enumerate(net.layer)]
    layers += [_upgraded(v1, i, lines[i], prototxt) for i, v1 in enumerate(net.layers)]
    layers = [*_legacy_inputs(prototxt, layers), *_with_skipped(prototxt, layers)]
    phases: dict[bool, list[Layer]] = {True: [], False: []}
    for layer in layers:
        phases[_runs_in_test(layer, prototxt)].append(layer)
    return Net(net.name, tuple(phases[True]), tuple(phases[False]))


def with_inputs(net: Net, names: Collection[str]) -> Net:
    """The net with Input layers for the blobs named that layers read and none produces."""
    made = {top for layer in net.layers for top in layer.tops}
    read = {bottom for layer in net.layers for bottom in layer.bottoms}
    missing = [name for name in names if name in read - made]
    if not missing:
        return net
    message = type(net.layers[0].message)(type="Input", top=missing)
    inputs = Layer("input", "Input", (), tuple(missing), 0, message)
    return replace(net, layers=(inputs, *net.layers))


def _with_skipped(prototxt: Prototxt, layers: list[Layer]) -> list[Layer]:
    """The layers with the unknown fields that may change their results."""
    skipped: dict[int, list[UnknownField]] = {}
    for field in prototxt.unknown_fields:
        if field.layer is not None and field.may_change_result:
            skipped.setdefault(field.layer, []).append(field)
    return [replace(one, skipped=tuple(skipped.get(i, ()))) for i, one in enumerate(layers)]


def _modern(message: Any, index: int, line: int) -> Layer:
    return Layer(
        message.name or f"{message.type}{index}",
        message.type,
        tuple(message.bottom),
        tuple(message.top),
        line,
        message,
    )


def _upgraded(v1: Any, index: int, line: int, prototxt: Prototxt) -> Layer:
    """A ``V1LayerParameter`` as a modern layer: same fields by name, the type as a word."""
    if v1.HasField("layer"):
        raise ModelError(
            f"{prototxt.path}, line {line}: the V0 format of 2013 is not supported, "
            "upgrade the file with Caffe's upgrade_net_proto_text"
        )
    modern = type(prototxt.net)().layer.add(name=v1.name, type=_V1_TYPES.get(v1.type, ""))
    for field, value in v1.ListFields():
        if field.name in ("name", "type", "param") or not hasattr(modern, field.name):
            continue
        if hasattr(value, "extend"):
            getattr(modern, field.name).extend(value)
        else:
            getattr(modern, field.name).CopyFrom(value)
    # V1 lists the names of shared blobs and their share modes apart, either may be shorter.
    for name, mode in itertools.zip_longest(v1.param, v1.blob_share_mode):
        modern.param.add(name=name or "", share_mode=mode or 0)
    return _modern(modern, index, line)


def _legacy_inputs(prototxt: Prototxt, layers: list[Layer]) -> list[Layer]:
    """The ``input`` fields as one Input layer, as Caffe does itself.

    Without any shape they only name the inputs: what a layer of the file makes is left to it, and
    the shapes of the others have to be given.
    """
    net = prototxt.net
    has_shapes = bool(net.input_shape or net.input_dim)
    made = {top for layer in layers for top in layer.tops if top not in layer.bottoms}
    names = [name for name in net.input if has_shapes or name not in made]
    if not names:
        return []
    message = type(net)().layer.add(name="input", type="Input", top=names)
    if net.input_shape:
        message.input_param.shape.extend(net.input_shape)
        return [_modern(message, 0, 0)]
    if len(net.input_dim) not in (0, 4 * len(net.input)):
        raise ModelError(
            f"{prototxt.path}: has {len(net.input)} `input` and {len(net.input_dim)} `input_dim` "
            "entries, give four per input"
        )
    for start in range(0, len(net.input_dim), 4):
        message.input_param.shape.add(dim=net.input_dim[start : start + 4])
    return [_modern(message, 0, 0)]


def _runs_in_test(layer: Layer, prototxt: Prototxt) -> bool:
    include, exclude = layer.message.include, layer.message.exclude
    stages = set(prototxt.net.state.stage)
    if include and exclude:
        raise ModelError(f"{prototxt.path}: {layer} has both include and exclude rules, use one")
    if include:
        return any(_holds(rule, stages) for rule in include)
    return not any(_holds(rule, stages) for rule in exclude)


def _holds(rule: Any, stages: set[str]) -> bool:
    """Whether a rule holds in phase TEST, level 0 and these stages."""
    return (
        (not rule.HasField("phase") or rule.phase == _TEST)
        and (not rule.HasField("min_level") or rule.min_level <= 0)
        and (not rule.HasField("max_level") or rule.max_level >= 0)
        and stages.issuperset(rule.stage)
        and stages.isdisjoint(rule.not_stage)
    )


_V1_TYPES = {
    1: "Accuracy",
    2: "BNLL",
    3: "Concat",
    4: "Convolution",
    5: "Data",
    6: "Dropout",
    7: "EuclideanLoss",
    8: "Flatten",
    9: "HDF5Data",
    10: "HDF5Output",
    11: "Im2col",
    12: "ImageData",
    13: "InfogainLoss",
    14: "InnerProduct",
    15: "LRN",
    16: "MultinomialLogisticLoss",
    17: "Pooling",
    18: "ReLU",
    19: "Sigmoid",
    20: "Softmax",
    21: "SoftmaxWithLoss",
    22: "Split",
    23: "TanH",
    24: "WindowData",
    25: "Eltwise",
    26: "Power",
    27: "SigmoidCrossEntropyLoss",
    28: "HingeLoss",
    29: "MemoryData",
    30: "ArgMax",
    31: "Threshold",
    32: "DummyData",
    33: "Slice",
    34: "MVN",
    35: "AbsVal",
    36: "Silence",
    37: "ContrastiveLoss",
    38: "Exp",
    39: "Deconvolution",
}
