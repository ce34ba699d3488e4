"""The benchmark that does what findings say: what it makes of runs, without a GPU."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from findings_evidence import convolution, profile_of, timed

from trtcore.result.analysis.findings.finding import FindingKind
from trtcore.result.records.build import (
    Build,
    KeptNodes,
    LayerPrecision,
    PrecisionCheck,
    PrecisionVerdict,
)
from trtcore.result.records.profile import Profile

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ModuleType]:
    """The checks and the benchmark, as its program imports them; needs cuda-python."""
    pytest.importorskip("cuda.bindings", reason="without cuda-python")
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(sys, "argv", ["bench_of_a_test.py"])
    names = ("finding_checks", "bench_findings")
    checks, bench = (importlib.import_module(name) for name in names)
    return checks, bench


def made(options: tuple[str, ...]) -> Profile:
    """What a run with these options would be: latency-bound at 4 items, half of it in FP32."""
    parts = [convolution(i, macs=1000) for i in range(2)]
    factor = {("--batch", "8"): 1.5, ("--keep-fp32", "/layer4*"): 1.25}.get(options[-2:], 1.0)
    wall = factor / 128  # binary fractions, so that differences are exact
    profile = timed(
        profile_of(parts, [1 / 256] * 2), wall_ms=wall, gated_ms=wall, graph_wall_ms=3 / 512
    )
    layer = profile.layers[0]
    row = LayerPrecision(layer.name, layer.kind, "Float", layer.nodes, is_requested=True)
    rows, kept = ((row,), layer.nodes) if "--keep-fp32" in options else ((), ())
    check = PrecisionCheck(
        "fp16", "Half", PrecisionVerdict.MET, fallbacks=rows, kept=KeptNodes(seen=kept)
    )
    return replace(profile, batch=4, build=Build("a TensorRT", 1.0, 1, precision=check))


def test_every_finding_is_done_and_its_saving_stands_beside_it(
    modules: tuple[ModuleType, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    checks, bench = modules
    ran: list[tuple[str, ...]] = []

    def profiled(_: Path, source: str, *options: str) -> Profile:
        assert source.endswith("resnet50.onnx")
        ran.append(options)
        return made(options)

    def call(function: Any, calls: list[dict[str, Any]]) -> tuple[tuple[float, float], ...]:
        assert function is checks.enqueued_and_as_graph
        assert calls[0]["plan"].endswith("kept.plan")
        return tuple((1 / 128 + off, 5 / 1024 + off) for off in (0, 1, -1))[: len(calls)]

    monkeypatch.setattr(checks, "profiled", profiled)
    monkeypatch.setattr(checks, "call_in_fresh_processes", call)
    with checks.runs_of("resnet50") as runs:
        found = list(checks.checks_of(runs))
    assert [check.finding and check.finding.kind for check in found] == [
        FindingKind.CUDA_GRAPH,
        FindingKind.LARGER_BATCH,
        FindingKind.PINNED,
    ]
    savings = [(check.done, check.saved_ms, check.finding.saves_ms) for check in found]
    alone = "cudaGraphLaunch alone, median of 3 processes of their own: 0.0078 to 0.0049 ms"
    assert savings == [
        (alone, 3 / 1024, 1 / 512),
        ("--batch 8", 1 / 512, 1 / 256),
        ("without --keep-fp32 /layer4*", 1 / 512, 1 / 512),
    ]
    assert len(ran) == 3, "no run was made twice"
    figures = bench.figures_of(found[1], 1 / 128)
    assert figures == {
        "resnet50, larger batch, claimed, ms": 1 / 256,
        "resnet50, larger batch, measured, ms": 1 / 512,
        bench.beyond("resnet50, larger batch"): pytest.approx(-25),
        bench.costs("resnet50, larger batch"): pytest.approx(-25),
    }
    figures = bench.figures_of(found[0], 1 / 128)
    graph = "resnet50, CUDA graph"
    # Told were 3/512 ms of 1/128; measured are 5/1024.
    assert (figures[bench.off(graph)], figures[bench.reached(graph)]) == (0.5, pytest.approx(1 / 6))
    assert bench.row(found[2]).endswith(
        " | without --keep-fp32 /layer4* | 0.0020 | 0.0020 | 0.0020 | 0.0020 |"
    )


def test_in_fp32_nothing_is_planted(
    modules: tuple[ModuleType, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    checks, bench = modules
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(checks, "profiled", lambda *call: ran.append(call[2:]) or made(call[2:]))
    monkeypatch.setattr(checks, "call_in_fresh_processes", lambda *_: ((1.0, 0.5),))
    monkeypatch.setenv("FINDINGS_ONLY", "resnet50")
    monkeypatch.setenv("FINDINGS_PRECISIONS", "fp32")
    found = [check for check, _ in bench.checks(bench.chosen(quick=False))]
    assert {check.network for check in found} == {"resnet50 fp32"}
    assert len(found) == 2
    assert all(options[:2] == ("--precision", "fp32") for options in ran)
    assert "resnet50 fp32, CUDA graph" in [goal.label for goal in bench.goals()]


def test_a_finding_that_no_option_does_is_told_without_a_figure(
    modules: tuple[ModuleType, ModuleType],
) -> None:
    checks, bench = modules
    check = checks.Check("resnet50", None, "a finding")
    assert bench.row(check) == "| resnet50 | a finding | no option does it | 0.0000 | - | - | - |"
    assert bench.figures_of(check, 1.0) == {}
    assert np.isnan(check.saved_ms)
