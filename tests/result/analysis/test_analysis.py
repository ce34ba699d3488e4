"""Each figure of a profile is computed once, however many reports want it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hand_made_profiles import X, chain, make_profile
from rich.console import Console

import trtcore
from trtcore.cli import main
from trtcore.cli.commands import report as _report  # noqa: F401 (its names are counted too)
from trtcore.compare.profiles import compare_profiles
from trtcore.report.content.warnings import comparison_notes
from trtcore.report.export.csv import render_csv
from trtcore.report.export.perfetto import render_trace
from trtcore.report.export.trtexec import export_profile
from trtcore.report.terminal.engine import render_inspection
from trtcore.report.terminal.profile import print_table, render_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.summary import summarise_layers
from trtcore.result.records.counts import Counts
from trtcore.result.records.kernel_pass import KernelMapping, KernelPass, MappingMethod
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import EventCost, Profile
from trtcore.result.records.samples import Samples
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.result.saved import save_profile

LAYERS, ITERATIONS = 206, 1000
PASSES = 4
COUNTED = (
    "describe",
    "reconcile",
    "reconcile_profile",
    "layer_rows",
    "summarise_layers",
    "map_fusion",
    "diagnose",
    "summarise_series",
    "interval_of",
    "layer_kernels",
    "kernel_totals",
    "agreement",
)


@pytest.fixture(scope="module")
def profile() -> Profile:
    """1000 gated iterations of 206 layers on two streams, some markers, with a traced pass."""
    random = np.random.default_rng(0)
    names = [f"block{i // 20}/conv{i}" for i in range(LAYERS)]
    layers = tuple(
        Layer(name, "signal" if i % 50 == 49 else "kgen", () if i % 50 == 49 else (name,), stream=0)
        for i, name in enumerate(names)
    )
    layer_ms = random.lognormal(-4, 1, LAYERS) * random.normal(1, 0.02, (ITERATIONS, LAYERS))
    total = layer_ms.sum(axis=1)
    times = (1.2 * total, 0.1 * total, total, 0.9 * total, 0.95 * total)
    wall, enqueue, gpu, gated, graph = (each.astype(np.float32) for each in times)
    few = layer_ms[:20].astype(np.float32)
    kernels = KernelPass(
        names=tuple(f"k{i}" for i in range(LAYERS)),
        streams=(0,) * LAYERS,
        layers=tuple(range(LAYERS)),
        mapping=KernelMapping(MappingMethod.OTHER, note="by hand"),
        kernel_ms=few,
        start_ms=(np.cumsum(few, axis=1) - few).astype(np.float32),
        wall_ms=wall[:20],
        plain_wall_ms=wall[:20],
        source="CUPTI",
    )
    return make_profile(
        layers,
        layer_ms.astype(np.float32),
        chain(*names),
        io=(replace(X, mode="input"),),
        samples=Samples(
            layer_ms.astype(np.float32), wall, enqueue, gpu, gated_ms=gated, graph_ms=graph
        ),
        counts=Counts(ITERATIONS, 64, ITERATIONS),
        event_cost=EventCost(0.001, 0.0009, 0.0011, 0.0, 0.0, 9),
        kernels=kernels,
        warnings=(RunWarning(WarningKind.OTHER, note="the input was zeros"),),
    )


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each of `COUNTED` is called, in whatever module it is used."""
    counts: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            counts[name] += 1
            return function(*args, **kwargs)

        return call

    for module in [m for name, m in sys.modules.items() if name.startswith("trtcore.")]:
        for name in COUNTED:
            if callable(function := vars(module).get(name)):
                monkeypatch.setattr(module, name, counted(name, function))
    return counts


def once_each(calls: Counter[str], profile: Profile) -> None:
    """Nothing was computed twice, and everything at all."""
    described = calls.pop("describe")
    assert PASSES < described <= PASSES + LAYERS
    assert calls == {
        "reconcile": 1,
        "reconcile_profile": 1,
        "layer_rows": 1,
        "map_fusion": 1,
        "diagnose": 1,
        "summarise_series": 6,
        "interval_of": 3,
        "layer_kernels": 1,
        "kernel_totals": 1,
        "agreement": 1,
    }
    assert described == PASSES + len(Analysis(profile).steadiness.layers)


def test_a_table_and_a_csv_compute_each_figure_once(profile: Profile, calls: Counter[str]) -> None:
    analysis = Analysis(profile)
    render_table(analysis, group_by="block")
    render_csv(analysis)
    once_each(calls, profile)


def test_so_do_all_reports_and_a_comparison_together(profile: Profile, calls: Counter[str]) -> None:
    analysis = Analysis(profile)
    print_table(analysis, Console(file=StringIO(), force_terminal=True, width=100))
    for render in (render_table, render_csv, render_inspection, export_profile, render_trace):
        render(analysis)  # type: ignore[operator]
    compare_profiles(analysis, analysis)
    once_each(calls, profile)


def test_the_command_line_hands_one_analysis_on(
    profile: Profile, calls: Counter[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_profile(profile, tmp_path / "saved.json")
    assert main(["report", str(tmp_path / "saved.json")]) == 0
    assert "in 206 kernels, median sum of 20" in capsys.readouterr().out
    once_each(calls, profile)


def test_a_comparison_analyses_each_side_once(profile: Profile, calls: Counter[str]) -> None:
    measured = replace(profile, environment=replace(profile.environment, trtcore="0.1.0"))
    comparison = compare_profiles(measured, replace(measured, precision="fp32"))
    assert calls.pop("map_fusion") == 2
    assert calls.total() == 0
    assert "base: the input was zeros" in comparison_notes(comparison)
    assert calls["diagnose"] == calls["layer_rows"] == calls["reconcile_profile"] == 2


def test_the_figures_are_those_of_the_functions(profile: Profile) -> None:
    analysis = trtcore.Analysis(profile)
    assert analysis.rows == summarise_layers(profile)
    assert analysis.rows is analysis.rows
    layers, markers = analysis.folded
    assert (len(layers), markers.count) == (LAYERS - 4, 4)
    assert analysis.latency.wall == analysis.series["wall_ms"]
    assert analysis.intervals["gpu_ms"][0] < analysis.latency.gpu.median_ms  # type: ignore[union-attr]
    assert analysis.warnings == (*profile.warnings, *analysis.figure_warnings)


def test_what_is_not_there_is_none() -> None:
    bare = Analysis(make_profile([Layer("a")], [1.0]))
    assert (bare.reconciliation, bare.kernels, bare.kernel_totals, bare.agreement) == (None,) * 4
    assert (bare.latency.gpu, bare.figure_warnings) == (None, ())


def test_an_analysis_of_an_analysis_is_itself() -> None:
    analysis = Analysis(make_profile([Layer("a")], [1.0]))
    assert Analysis.of(analysis) is analysis
    assert Analysis.of(analysis.profile).profile is analysis.profile
    assert analysis.reused_for(analysis.profile) is analysis
    other = replace(analysis.profile, precision="fp32")
    assert analysis.reused_for(other).profile is other
