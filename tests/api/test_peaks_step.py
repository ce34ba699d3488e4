"""The last step of a call: given peaks, measured ones, and none where none can be had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from findings_evidence import convolution, profile_of

from trtcore.api.options.values import Options
from trtcore.api.peaks_step import with_peaks
from trtcore.errors import OptionError, RunError
from trtcore.measure.peaks import peaks
from trtcore.measure.peaks.kept import save_figure
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.counts import Counts
from trtcore.result.records.peaks import Peaks, PeakSource, ProductPeak
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

PROFILE = replace(profile_of([convolution(0)], [1.0]), peaks=None, backend="onnxruntime")
MEASURED = Peaks(PeakSource.MEASURED, (), 30.0, 0.003, "a CPU")


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path / "cache"))


def step(profile: Profile, **options: object) -> Profile:
    return with_peaks(profile, Options(**options), None, None, Stopwatch())


def test_given_peaks_are_recorded_and_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "cpu_peaks", None)
    given = step(PROFILE, peak="fp32=1,bandwidth=20").peaks
    assert given is not None
    assert (given.source, given.tflops("fp32"), given.bandwidth_gbs) == (PeakSource.GIVEN, 1, 20)
    assert step(PROFILE, peak="none").peaks is None


def test_wrong_peaks_are_refused_before_the_run() -> None:
    with pytest.raises(OptionError, match="peak is 'fp32=fast': fp32 is 'fast'"):
        Options(peak="fp32=fast")


ON_A_GPU = replace(PROFILE, backend="tensorrt_rtx")
BINDINGS: Any = SimpleNamespace(name="tensorrt_rtx")


def test_of_a_gpu_only_what_was_measured_before_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "gpu_peaks", None)
    assert with_peaks(ON_A_GPU, Options(), BINDINGS, None, Stopwatch()).peaks is None
    for name, figure in (("fp32", 60.0), ("fp16", 700.0)):
        save_figure(name, figure, ON_A_GPU.environment)
    # A bandwidth is still missing.
    assert with_peaks(ON_A_GPU, Options(), BINDINGS, None, Stopwatch()).peaks is None
    save_figure("bandwidth", 4200.0, ON_A_GPU.environment)
    found = with_peaks(ON_A_GPU, Options(), BINDINGS, None, Stopwatch()).peaks
    assert found is not None
    assert (found.source, found.products, found.bandwidth_gbs) == (
        PeakSource.MEASURED,
        (ProductPeak("fp32", 60.0), ProductPeak("fp16", 700.0)),
        4200.0,
    )
    without = Options(use_cache=False)
    assert with_peaks(ON_A_GPU, without, BINDINGS, None, Stopwatch()).peaks is None


def test_a_gpu_is_measured_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "gpu_peaks", lambda *_, **__: (MEASURED, ""))
    options = Options(peak="measure")
    assert with_peaks(ON_A_GPU, options, BINDINGS, None, Stopwatch()).peaks == MEASURED


def test_measured_peaks_are_recorded_with_the_time_they_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peaks, "cpu_peaks", lambda *_, **__: MEASURED)
    watch = Stopwatch()
    assert with_peaks(PROFILE, Options(), None, None, watch).peaks == MEASURED
    assert [one.phase for one in watch.times] == [Phase.PEAKS]


@pytest.mark.parametrize(
    "profile",
    [
        replace(PROFILE, model=replace(PROFILE.model, nodes=())),
        replace(PROFILE, counts=Counts(1, 0, 1, interrupted=True)),
    ],
)
def test_nothing_is_measured_without_work_or_after_an_interrupt(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peaks, "cpu_peaks", None)
    assert step(profile) == profile


@pytest.mark.parametrize(
    ("error", "note"), [(RunError("no memory"), "no memory"), (KeyboardInterrupt(), "interrupted")]
)
def test_a_failure_is_a_warning_and_loses_nothing(
    error: BaseException, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Peaks:
        raise error

    monkeypatch.setattr(peaks, "cpu_peaks", fail)
    found = step(PROFILE)
    assert found.warnings == (RunWarning(WarningKind.NO_PEAKS, note=note),)
    assert found.peaks is None


def test_peaks_of_which_one_is_missing_are_kept_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note = "int8: not supported"
    monkeypatch.setattr(peaks, "gpu_peaks", lambda *_, **__: (MEASURED, note))
    on_gpu = replace(PROFILE, backend="tensorrt_rtx")
    on_gpu = replace(on_gpu, environment=replace(on_gpu.environment, device="a GPU"))
    options = Options(peak="measure")
    found = with_peaks(on_gpu, options, BINDINGS, None, Stopwatch())
    assert found.peaks == MEASURED
    assert found.warnings == (RunWarning(WarningKind.NO_PEAKS, note=note),)
