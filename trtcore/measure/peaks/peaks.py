"""The peaks that a profile's cost is compared with: from the cache, or measured once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from trtcore.errors import TrtcoreError
from trtcore.measure.peaks.kept import load_figure, save_figure
from trtcore.models.builtin.peaks import PRODUCT_TYPES, QUANTIZED_TYPES
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.peaks import Peaks, PeakSource, ProductPeak
from trtcore.result.records.profile import Profile
from trtcore.system.progress import Progress

if TYPE_CHECKING:
    from trtcore.engine.tensorrt.bindings import Bindings

_BANDWIDTH, _LAYER = "bandwidth", "layer"


def needed_types(profile: Profile) -> tuple[str, ...]:
    """The types whose products can be measured and that the profile has, FP32 always.

    Operations that are no products run at the rate of FP32.
    """
    used = {work.dtype for work in Analysis(profile).work}
    return tuple(name for name in PRODUCT_TYPES if name == "fp32" or name in used)


def gpu_peaks(
    bindings: Bindings,
    profile: Profile,
    progress: Progress | None = None,
    *,
    use_cache: bool = True,
) -> tuple[Peaks, str]:
    """Returns the peaks of the GPU that a profile is of, and which of 8-bit types failed and why.

    A layer may use types of 8 bits where a large product of them is not supported, so that their
    failure must not cost the other peaks.

    Args:
        bindings: the TensorRT that ran it.
        profile: tells the types, the GPU and its clock.
        progress: called with the phase, figures done and figures in all.
        use_cache: keep and use figures in the user's cache folder.

    Raises:
        TrtcoreError: an engine cannot be built or run.
        KeyboardInterrupt: Ctrl-C.
    """
    from trtcore.measure.peaks.engines import engine_peaks

    def measured(names: list[str]) -> Iterator[tuple[str, float]]:
        return engine_peaks(bindings, names, progress, use_cache=use_cache)

    needed = needed_types(profile)
    wanted = (*(name for name in needed if name not in QUANTIZED_TYPES), _BANDWIDTH)
    figures = _figures(profile, wanted, measured, use_cache=use_cache)
    problems = []
    for name in (name for name in needed if name in QUANTIZED_TYPES):
        try:
            figures |= _figures(profile, [name], measured, use_cache=use_cache)
        except TrtcoreError as error:
            problems.append(f"{name}: {error}")
    return _peaks(figures, profile), "; ".join(problems)


def kept_peaks(profile: Profile) -> Peaks | None:
    """Returns the peaks of a profile's GPU that were measured before; None if one is missing.

    Those of 8-bit types may be: not every GPU or TensorRT has them.
    """
    names = (*needed_types(profile), _BANDWIDTH)
    environment, threads = profile.environment, profile.method.threads
    figures = {name: load_figure(name, environment, threads) for name in names}
    whole = {name: figure for name, figure in figures.items() if figure is not None}
    is_whole = all(name in whole or name in QUANTIZED_TYPES for name in names)
    return _peaks(whole, profile) if is_whole else None


def cpu_peaks(profile: Profile, *, use_cache: bool = True) -> Peaks:
    """Returns the peaks of the CPU that a profile is of; they take about half a second.

    Raises:
        ModelError: ONNX Runtime refuses a graph.
    """
    from trtcore.measure.nodes.onnxruntime.peaks import FIGURES, cpu_figure

    def measured(names: list[str]) -> Iterator[tuple[str, float]]:
        return ((name, cpu_figure(name)) for name in names)

    return _peaks(_figures(profile, FIGURES, measured, use_cache=use_cache), profile)


def _figures(
    profile: Profile,
    names: Sequence[str],
    measured: Callable[[list[str]], Iterator[tuple[str, float]]],
    *,
    use_cache: bool,
) -> dict[str, float]:
    """Rates by name: what the cache lacks is measured, and kept as soon as it is there."""
    environment, threads = profile.environment, profile.method.threads
    kept = {name: load_figure(name, environment, threads) for name in names if use_cache}
    figures = {name: figure for name, figure in kept.items() if figure is not None}
    for name, figure in measured([name for name in names if name not in figures]):
        figures[name] = figure
        if use_cache:
            save_figure(name, figure, environment, threads)
    return figures


def _peaks(figures: dict[str, float], profile: Profile) -> Peaks:
    environment = profile.environment
    others = (_BANDWIDTH, _LAYER)
    return Peaks(
        PeakSource.MEASURED,
        tuple(ProductPeak(name, rate) for name, rate in figures.items() if name not in others),
        figures[_BANDWIDTH],
        figures.get(_LAYER, float("nan")),
        environment.device or environment.cpu,
        environment.clocks.sm_mhz_max,
    )
