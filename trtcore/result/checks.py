"""Checks that the times of a profile can be compared, and that its arrays fit each other."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import ResultError
from trtcore.result.records.kernel_pass import KernelPass
from trtcore.result.records.profile import Profile
from trtcore.result.records.repeats import SeriesMedians
from trtcore.result.records.samples import Samples
from trtcore.stats.histogram import BUCKETS, TimeHistograms

# All but `layer_ms`, whose columns are checked one by one so that the error can name the layer.
_SERIES = tuple(
    field.name
    for field in fields(Samples)
    if field.name.endswith("_ms") and field.name != "layer_ms"
)
_NOT_A_NUMBER = "that is not a number"
_BELOW_ZERO = "below zero"


def check_times(profile: Profile, source: str) -> None:
    """Raises ResultError if a time of a profile is not a number or is below zero.

    Under Confidential Computing a GPU's events can give layers negative times
    (NVIDIA/TensorRT#4740). How far off the other times are is then unknown, so they are not
    compared.

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
        (fault,) = _faults(_extremes(getattr(samples, name)[:, None], samples.histogram_of(name)))
        if fault:
            raise ResultError(f"{source}: {name} has a time {fault}")


def _check_layers(profile: Profile, source: str) -> None:
    samples = profile.samples
    faults = _faults(_extremes(samples.layer_ms, samples.layer_histograms))
    for layer, fault in zip(profile.layers, faults, strict=True):
        if fault:
            raise ResultError(
                f"{source}: layer '{layer.name:.200}' has a time {fault}"
                + ("; the device's event times cannot be trusted" if fault == _BELOW_ZERO else "")
            )


def _extremes(times: NDArray[np.float32], all_times: TimeHistograms | None) -> NDArray[np.float64]:
    """(K, C) figures of (N, C) times that are faulty if any of the times is."""
    if times.shape[0] == 0:
        return np.zeros((1, times.shape[1]))
    figures = [times.min(axis=0), times.max(axis=0)]
    # The samples of a streamed run are only its end. Its extremes alone would not show a NaN, which
    # C++'s comparisons pass over; the mean does.
    if all_times is not None:
        figures += [all_times.min_ms, all_times.max_ms, all_times.mean_ms]
    return np.array(figures, dtype=np.float64)


def _faults(figures: NDArray[np.float64]) -> list[str]:
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
    # The only two series of the same un-profiled iterations; the others have passes of their own.
    lengths = {a.shape for a in (samples.wall_ms, samples.enqueue_ms) if a.size}
    if len(lengths) > 1 or any(len(length) != 1 for length in lengths):
        raise ValueError(f"wall_ms and enqueue_ms differ in shape: {sorted(lengths)}")
    if samples.layer_histograms is not None:
        _check_histograms(samples.layer_histograms, shape[1], "layer_histograms")
    for series in samples.streamed:
        _check_histograms(series.times, 1, f"the streamed {series.name}")
    _check_repeats(profile)
    if profile.kernels is not None:
        _check_kernels(profile.kernels, len(profile.layers))


def _check_repeats(profile: Profile) -> None:
    processes = profile.processes
    if processes is not None:
        layers, shape = len(profile.layers), processes.layer_ms.shape
        if len(shape) != 2 or shape[1] != layers or not shape[0]:
            raise ValueError(
                f"processes have times of shape {shape}, but there are {layers} layers"
            )
        _check_medians(processes.series, shape[0], "processes")
        if not 0 <= processes.shown < shape[0]:
            raise ValueError(f"process {processes.shown} of {shape[0]} is shown")
    for build in profile.builds:
        if build.layer_ms.shape != (len(build.layers),):
            shape = build.layer_ms.shape
            raise ValueError(f"a build has {len(build.layers)} layers and times of shape {shape}")
        _check_medians(build.series, 1, "builds")


def _check_medians(all_series: tuple[SeriesMedians, ...], count: int, name: str) -> None:
    for series in all_series:
        if series.medians_ms.shape != (count,):
            shape = series.medians_ms.shape
            raise ValueError(f"{name} have {series.name} of shape {shape}, expected ({count},)")


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
