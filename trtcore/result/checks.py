"""Whether a profile has times that can be compared at all."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import ResultError
from trtcore.result.records import KernelPass, Profile
from trtcore.result.samples import Samples
from trtcore.stats.histogram import BUCKETS, TimeHistograms

# All but those of the layers, which are told apart.
_SERIES = tuple(
    field.name
    for field in fields(Samples)
    if field.name.endswith("_ms") and field.name != "layer_ms"
)
_NOT_A_NUMBER = "that is not a number"
_BELOW_ZERO = "below zero"


def check_times(profile: Profile, source: str) -> None:
    """Does nothing if every time of a profile is a number, and none is below zero.

    Under Confidential Computing a GPU's events can give layers negative times
    (NVIDIA/TensorRT#4740). Nothing can be said of how far off the others are then, so these are no
    times to compare.

    Args:
        profile: the profile.
        source: names it in the error message.

    Raises:
        ResultError: nothing was measured, or a time is NaN, infinite or negative.
    """
    samples = profile.samples
    if samples.layer_ms.size == 0:
        raise ResultError(f"{source}: the profile has no times to compare")
    _check_layers(profile, source)
    for name in _SERIES:
        words = _fault(_extremes(getattr(samples, name)[:, None], samples.histogram_of(name)))
        if any(words):
            raise ResultError(f"{source}: {name} has a time {words[0]}")


def _check_layers(profile: Profile, source: str) -> None:
    samples = profile.samples
    faults = _fault(_extremes(samples.layer_ms, samples.layer_histograms))
    for layer, words in zip(profile.layers, faults, strict=True):
        if words:
            raise ResultError(
                f"{source}: layer '{layer.name}' has a time {words}"
                + ("; the device's event times cannot be trusted" if words == _BELOW_ZERO else "")
            )


def _extremes(times: NDArray[np.float32], all_times: TimeHistograms | None) -> NDArray[np.float64]:
    """(K, C) figures of (N, C) times that are faulty if any of the times is."""
    if times.shape[0] == 0:
        return np.zeros((1, times.shape[1]))
    figures = [times.min(axis=0), times.max(axis=0)]
    if all_times is not None:
        figures += [all_times.min_ms, all_times.max_ms, all_times.mean_ms]
    return np.array(figures, dtype=np.float64)


def _fault(figures: NDArray[np.float64]) -> list[str]:
    """What is wrong with each of C series; ``""`` if nothing is."""
    return [
        _NOT_A_NUMBER if not np.isfinite(column).all() else _BELOW_ZERO if column.min() < 0 else ""
        for column in figures.T
    ]


def check_shapes(profile: Profile) -> None:
    """Checks that the arrays of a profile fit each other.

    Raises:
        ValueError: they do not.
    """
    samples = profile.samples
    shape = samples.layer_ms.shape
    if len(shape) != 2 or shape[1] != len(profile.layers):
        raise ValueError(f"layer_ms has shape {shape}, but there are {len(profile.layers)} layers")
    lengths = {a.shape for a in (samples.wall_ms, samples.enqueue_ms) if a.size}
    if len(lengths) > 1 or any(len(length) != 1 for length in lengths):
        raise ValueError(f"wall_ms and enqueue_ms differ in shape: {sorted(lengths)}")
    if samples.layer_histograms is not None:
        _check_histograms(samples.layer_histograms, shape[1], "layer_histograms")
    for series in samples.streamed:
        _check_histograms(series.times, 1, f"the streamed {series.name}")
    if profile.kernels is not None:
        _check_kernels(profile.kernels, len(profile.layers))


def _check_kernels(kernels: KernelPass, layers: int) -> None:
    if any(not -1 <= owner < layers for owner in kernels.layers):
        raise ValueError(f"a kernel belongs to layer {max(kernels.layers)} of {layers}")
    profiled = kernels.profiled
    if profiled is not None and profiled.layer_ms.shape[1] != layers:
        shape = profiled.layer_ms.shape
        raise ValueError(f"profiled layer_ms has shape {shape}, but there are {layers} layers")


def _check_histograms(histograms: TimeHistograms, series: int, name: str) -> None:
    of_each = (
        histograms.mean_ms,
        histograms.deviations_ms2,
        histograms.min_ms,
        histograms.max_ms,
    )
    shapes = {values.shape for values in of_each}
    if shapes != {(series,)} or histograms.buckets.shape != (series, BUCKETS):
        raise ValueError(f"{name} should hold {series} series of {BUCKETS} buckets")
