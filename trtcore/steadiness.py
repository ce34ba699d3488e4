"""What the samples of a profile look like: outliers are counted, modes and drift said out loud.

Nothing is dropped for it. Of a streamed run only the last iterations can be looked at in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trtcore.markers import is_marker
from trtcore.result import Profile
from trtcore.series import Series, describe

_PASSES = {
    "wall_ms": "latency",
    "gpu_ms": "GPU time",
    "gated_ms": "gated GPU time",
    "graph_ms": "CUDA graph time",
}
_LAYER_SHARE = 0.9
"""Layers are looked at from the longest on, until they hold this part of the time."""


def outlier_text(profile: Profile) -> str:
    """Returns how many samples stick out and whether neighbours correlate; ``""`` for too few."""
    passes = _passes(profile)
    if not passes:
        return ""
    counts = ", ".join(
        f"{name} {series.mild} and {series.severe} of {series.count}"
        for name, series in passes.items()
    )
    text = f"outliers beyond 1.5 and beyond 3 quartile distances, all kept: {counts}"
    close = ", ".join(
        f"{name} by {series.autocorrelation:.2f}"
        for name, series in passes.items()
        if series.is_autocorrelated
    )
    if close:
        text += f"; neighbouring iterations correlate, so that intervals are too narrow: {close}"
    return text


def steadiness_warnings(profile: Profile) -> Iterator[str]:
    """Yields which times jump between two values or drift, one sentence each."""
    for name, series in _passes(profile).items():
        if series.is_bimodal:
            yield f"the un-profiled {name} {_jumps(series)}, so its median is a matter of luck"
        if series.is_drifting:
            yield f"the un-profiled {name} {_drifts(series)}"
    layers = _long_layers(profile)
    yield from _of_layers(layers, "jump between two values", lambda s: s.is_bimodal, _jumps)
    yield from _of_layers(layers, "drift", lambda s: s.is_drifting, _drifts)


def _passes(profile: Profile) -> Mapping[str, Series]:
    described = {
        name: describe(getattr(profile.samples, field))
        for field, name in _PASSES.items()
        if getattr(profile.samples, field).size
    }
    return {name: series for name, series in described.items() if series.is_labelled}


def _long_layers(profile: Profile) -> Sequence[tuple[str, Series]]:
    times: NDArray[np.float32] = profile.samples.layer_ms
    if not len(times):
        return ()
    medians = np.median(times, axis=0)
    order = np.argsort(-medians)
    before = np.cumsum(medians[order]) - medians[order]
    return [
        (profile.layers[i].name, describe(times[:, i]))
        for i in order[before < _LAYER_SHARE * medians.sum()]
        if not is_marker(profile.layers[i])
    ]


def _of_layers(
    layers: Sequence[tuple[str, Series]],
    verb: str,
    chosen: Callable[[Series], bool],
    words: Callable[[Series], str],
) -> Iterator[str]:
    found = [(name, series) for name, series in layers if chosen(series)]
    if found:
        name, series = found[0]
        count = f"{len(found)} of the {len(layers)} longest layers {verb}"
        yield f"{count}; the longest of them, {name}, {words(series)}"


def _jumps(series: Series) -> str:
    low, high = series.modes_ms
    return f"jumps between {low:.4f} and {high:.4f} ms"


def _drifts(series: Series) -> str:
    change = "longer" if series.drift > 0 else "shorter"
    return f"drifts: in its second half it was {abs(series.drift):.1%} {change}"
