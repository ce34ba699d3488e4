"""How to build and run: the options of the API and of the command line, checked in one place."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from trtcore.errors import OptionError
from trtcore.precision.request import Precision, check_keep_fp32, read_io_precision

if TYPE_CHECKING:
    from trtcore.measure.length.stopping import StopRule


SYNC_MODES = ("enqueue", "execute")
TIMINGS = ("events", "cupti")

MOST_WORKSPACE_MIB = (1 << 43) - 1
"""TensorRT counts bytes in 63 bits."""

MOST_PRECISION_TARGET = 0.1
"""Whoever asks for a wider interval than this meant a percentage."""


@dataclass(frozen=True)
class Options:
    """How to build and run; the defaults are those of the command line.

    Attributes:
        backend: ``auto``, ``tensorrt``, ``tensorrt_rtx`` or ``onnxruntime``.
        precision: ``fp32``, ``tf32``, ``fp16``, ``half2`` or ``bf16``; None is the model's own.
        keep_fp32: op types or globs over node names that stay in FP32.
        io_precision: ``fp32``, ``fp16`` or ``bf16`` for the network's float inputs and outputs;
            None is that of the network.
        io_formats: formats of inputs and outputs by name, such as ``chw2``.
        accuracy: compare the outputs with those of the FP32 model.
        tolerance: the largest relative L2 error of an output that is accepted; None accepts any.
        batch: leading dimension of every input that has a batch dimension; None keeps the model's.
        shapes: whole input shapes by name.
        iterations: of each pass. None is 1000 on a GPU and as many as fit in about 10 s on a CPU.
        precision_target: go on until the total's 95 % interval has this half-width, as a part of
            the total, and the layers that hold most of the time twice that. None (with
            ``max_seconds`` None too) measures ``iterations`` exactly.
        max_seconds: end then, stable or not; 15 if only ``precision_target`` is given.
        stream: keep the distribution of each layer's times, in constant memory, and single
            iterations of the end only; None does so above 64 MB of layer times. Engines only.
        inputs: ``random``, ``zeros`` or a path to an ``.npz``.
        seed: of random inputs.
        sync: ``enqueue`` for ``enqueueV3`` and synchronise, ``execute`` for ``executeV2``.
        timing: ``events`` for the profiler's events, ``cupti`` to time the kernels with CUPTI too.
        workspace_mib: the most scratch memory a layer may use; None leaves it to TensorRT.
        serial: build without auxiliary streams, so that layers do not overlap.
        plugins: libraries of TensorRT plugins that the model or plan needs.
        calibrate: measure what the profiler's events cost here, once per machine (some seconds).
        use_cache: keep and use caches (TensorRT's and the calibration) in the user's cache folder.

    Raises:
        OptionError: a value of another type, or one that makes no sense.
    """

    backend: str = "auto"
    precision: str | None = None
    keep_fp32: Sequence[str] = ()
    io_precision: str | None = None
    io_formats: Mapping[str, str] = field(default_factory=dict)
    accuracy: bool = False
    tolerance: float | None = None
    batch: int | None = None
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    iterations: int | None = None
    precision_target: float | None = None
    max_seconds: float | None = None
    stream: bool | None = None
    inputs: str | Path = "random"
    seed: int = 0
    sync: str = "enqueue"
    timing: str = "events"
    workspace_mib: int | None = None
    serial: bool = False
    plugins: Sequence[str | Path] = ()
    calibrate: bool = True
    use_cache: bool = True

    def __post_init__(self) -> None:
        for option in fields(self):
            check_type(option.name, getattr(self, option.name), or_none=option.default is None)
        for name in ("batch", "iterations", "workspace_mib"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"{name.replace('_mib', '')} is {value}, must be 1 or more")
        if self.workspace_mib is not None and self.workspace_mib > MOST_WORKSPACE_MIB:
            raise OptionError(
                f"workspace is {self.workspace_mib} MiB, must be {MOST_WORKSPACE_MIB} or less"
            )
        if self.precision_target is not None or self.max_seconds is not None:
            self.stop_rule()
        if self.seed < 0:
            raise OptionError(f"seed is {self.seed}, must be 0 or more")
        self._check_words()
        check_keep_fp32(self.keep_fp32)
        if self.tolerance is not None:
            from trtcore.result.analysis.requirements import check_limit

            check_limit(self.tolerance)

    @property
    def wants_accuracy(self) -> bool:
        """Whether the outputs are to be compared with those of the FP32 model."""
        return self.accuracy or self.tolerance is not None

    def _check_words(self) -> None:
        for name, accepted in (("sync", SYNC_MODES), ("timing", TIMINGS)):
            given = getattr(self, name)
            if given not in accepted:
                raise OptionError(f"{name} is '{given}', must be one of {', '.join(accepted)}")
        if self.inputs == "":
            raise OptionError("inputs is '', must be random, zeros or a path to an .npz")
        if self.precision is not None:
            Precision(self.precision)
        if self.io_precision is not None:
            read_io_precision(self.io_precision)

    def stop_rule(self) -> StopRule | None:
        """When to stop beyond a number of iterations; None if nothing was asked for.

        Raises:
            OptionError: a target or a time that makes no sense.
        """
        from trtcore.measure.length.stopping import StopRule

        default = StopRule()
        if self.precision_target is None and self.max_seconds is None:
            return None
        rule = replace(
            default,
            target=default.target if self.precision_target is None else self.precision_target,
            at_most_s=default.at_most_s if self.max_seconds is None else self.max_seconds,
        )
        if rule.target > MOST_PRECISION_TARGET:
            raise OptionError(
                f"precision target is {rule.target}, which is {rule.target:.0%}; it must be "
                f"{MOST_PRECISION_TARGET} or less: 0.005 is 0.5 %"
            )
        return rule


def read_options(given: Mapping[str, Any]) -> Options:
    """Options from keyword arguments.

    Raises:
        OptionError: there is no such option, or a value that makes no sense.
    """
    known = [option.name for option in fields(Options)]
    for name in given:
        if name not in known:
            near = get_close_matches(name, known)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
            raise OptionError(f"there is no option '{name}': {hint}")
    return Options(**given)


class _Type(NamedTuple):
    words: str
    accepts: Callable[[Any], bool]


def check_type(name: str, value: object, *, or_none: bool) -> None:
    """Does nothing if an option may have a value of this type.

    Options whose values are among a few words are not looked at here.

    Args:
        name: the option.
        value: what was given.
        or_none: whether None is accepted too.

    Raises:
        OptionError: it may not.
    """
    expected = EXPECTED.get(name)
    if expected is None or (value is None and or_none) or expected.accepts(value):
        return
    given = " ".join(reprlib.repr(value).split())
    raise OptionError(
        f"{name} is {given}, expected {expected.words}{', or None' if or_none else ''}"
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, Sequence) and all(map(_is_text, value))


def _are_paths(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        return False
    return all(isinstance(path, (str, PathLike)) for path in value)


def _is_shape(value: object) -> bool:
    return isinstance(value, Sequence) and all(map(_is_whole, value))


def _by_name(accepts: Callable[[object], bool]) -> Callable[[Any], bool]:
    def are_accepted(value: object) -> bool:
        return isinstance(value, Mapping) and all(
            _is_text(name) and accepts(one) for name, one in value.items()
        )

    return are_accepted


_WHOLE = _Type("a whole number", _is_whole)
_NUMBER = _Type("a number", _is_number)
_FLAG = _Type("True or False", _is_flag)

EXPECTED: Mapping[str, _Type] = {
    "backend": _Type("a name", _is_text),
    "keep_fp32": _Type("a list of names", _are_texts),
    "io_formats": _Type("formats by name, such as {'data': 'chw2'}", _by_name(_is_text)),
    "accuracy": _FLAG,
    "tolerance": _NUMBER,
    "batch": _WHOLE,
    "shapes": _Type("shapes by name, such as {'data': (1, 3, 224, 224)}", _by_name(_is_shape)),
    "iterations": _WHOLE,
    "precision_target": _NUMBER,
    "max_seconds": _NUMBER,
    "stream": _FLAG,
    "inputs": _Type(
        "random, zeros or a path to an .npz", lambda value: isinstance(value, (str, PathLike))
    ),
    "seed": _WHOLE,
    "workspace_mib": _WHOLE,
    "serial": _FLAG,
    "plugins": _Type("a list of paths", _are_paths),
    "calibrate": _FLAG,
    "use_cache": _FLAG,
}
