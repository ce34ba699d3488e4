"""Peaks: the CPU's for real, the engines of a GPU's built for real, and what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from findings_evidence import convolution, profile_of
from networks import measured_with_work

from trtcore.engine.build import build_engine
from trtcore.engine.choice import choose_backend
from trtcore.engine.tensorrt.builder import BuildOptions
from trtcore.errors import BuildError, RunError
from trtcore.measure.nodes.onnxruntime import peaks as cpu
from trtcore.measure.nodes.onnxruntime.peaks import cpu_figure
from trtcore.measure.peaks import peaks as measuring
from trtcore.measure.peaks.engines import engine_peaks
from trtcore.measure.peaks.kept import load_figure, save_figure
from trtcore.measure.peaks.peaks import cpu_peaks, gpu_peaks, needed_types
from trtcore.models.builtin.peaks import PRODUCT_TYPES, QUANTIZED_TYPES, copy, product
from trtcore.precision.request import Precision, PrecisionRequest
from trtcore.result.analysis.cost.operand_types import product_type
from trtcore.result.records.peaks import PeakSource, ProductPeak
from trtcore.system.records import Clocks

PROFILE = profile_of([convolution(0)], [1.0])


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path / "cache"))


def test_a_cpu_multiplies_faster_than_it_copies_and_starts_faster_than_both() -> None:
    figures = {name: cpu_figure(name) for name in cpu.FIGURES}
    # Of any machine that runs this: no core does less than one operation in a nanosecond, nor
    # copies less than 0.1 GB/s, and none is a GPU.
    assert 1e-3 < figures["fp32"] < 100
    assert 0.1 < figures["bandwidth"] < 10_000
    assert 0 < figures["layer"] < 10


@pytest.mark.parametrize(("cores", "size"), [(1, 512), (2, 512), (8, 1024), (64, 2048)])
def test_each_core_has_its_part_of_the_product(cores: int, size: int) -> None:
    assert cpu._product_size(cores) == size


def test_what_was_measured_once_is_read_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {"fp32": 0.2, "bandwidth": 30.0, "layer": 0.003}
    asked: list[str] = []

    def figure(name: str) -> float:
        asked.append(name)
        return rates[name]

    monkeypatch.setattr(cpu, "cpu_figure", figure)
    first, second = cpu_peaks(PROFILE), cpu_peaks(PROFILE)
    assert first == second
    assert first.source is PeakSource.MEASURED
    assert (first.products, first.bandwidth_gbs, first.layer_ms) == (
        (ProductPeak("fp32", 0.2),),
        30.0,
        0.003,
    )
    assert asked == ["fp32", "bandwidth", "layer"]
    cpu_peaks(PROFILE, use_cache=False)
    assert len(asked) == 6


def test_another_clock_driver_or_number_of_threads_is_another_figure() -> None:
    here = replace(PROFILE.environment, device="A GPU", clocks=Clocks(sm_mhz_max=1980))
    save_figure("fp16", 700.0, here)
    assert load_figure("fp16", here) == 700.0
    near = replace(here, clocks=Clocks(sm_mhz_max=1965))
    assert load_figure("fp16", near) == 700.0
    others = (
        replace(here, clocks=Clocks(sm_mhz_max=1410)),
        replace(here, driver="2"),
        replace(here, device="Another GPU"),
        replace(here, runtime="TensorRT-RTX 2"),
    )
    assert [load_figure("fp16", other) for other in others] == [None] * 4
    assert load_figure("fp16", here, threads=2) is None
    assert load_figure("fp32", here) is None


def test_only_the_types_that_a_network_has_are_measured() -> None:
    assert needed_types(measured_with_work("resnet50")) == ("fp32", "fp16")
    wide = replace(PROFILE, precision="tf32")
    assert needed_types(replace(wide, model=replace(wide.model, nodes=()))) == ("fp32",)


def test_an_8_bit_type_that_is_not_supported_costs_no_other_peak(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from trtcore.measure.peaks import engines

    rates = {"fp32": 60.0, "bandwidth": 4200.0, "fp8": 1500.0}

    def some(_: object, names: list[str], *args: object, **kwargs: object):
        for name in names:
            if name not in rates:
                raise BuildError("no INT8 here")
            yield name, rates[name]

    monkeypatch.setattr(engines, "engine_peaks", some)
    monkeypatch.setattr(measuring, "needed_types", lambda _: ("fp32", "fp8", "int8"))
    peaks, problem = gpu_peaks(None, PROFILE)  # type: ignore[arg-type]
    assert problem == "int8: no INT8 here"
    assert peaks.products == (ProductPeak("fp32", 60.0), ProductPeak("fp8", 1500.0))
    assert peaks.bandwidth_gbs == 4200.0
    assert load_figure("fp8", PROFILE.environment) == 1500.0


def test_a_failure_keeps_the_figures_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from trtcore.measure.peaks import engines

    def broken(_: object, names: list[str], *args: object, **kwargs: object):
        yield names[0], 60.0
        raise RunError("no memory")

    monkeypatch.setattr(engines, "engine_peaks", broken)
    with pytest.raises(RunError):
        gpu_peaks(None, PROFILE)  # type: ignore[arg-type]
    assert load_figure("fp32", PROFILE.environment) == 60.0
    assert measuring.load_figure("fp16", PROFILE.environment) is None


def test_the_engines_are_built_by_the_build_path_of_networks() -> None:
    bindings = choose_backend("auto").bindings
    if bindings is None:
        pytest.skip("TensorRT-RTX is not installed")
    # Smaller ones than are run: what has to hold is that each type is accepted as it is.
    models = [*((product(256, 128, name), name) for name in PRODUCT_TYPES), (copy(1 << 16), "fp32")]
    for model, precision in models:
        request = PrecisionRequest(None if precision in QUANTIZED_TYPES else Precision(precision))
        plan = build_engine(bindings, model, request, BuildOptions(max_aux_streams=0))
        assert plan.information is not None
        (layer,) = plan.information.layers  # one kernel: nothing is converted beside the product
        if precision in QUANTIZED_TYPES:
            assert product_type([layer], precision) == precision
    assert list(engine_peaks(bindings, [])) == []
