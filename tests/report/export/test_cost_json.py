"""Cost, memory, energy and findings as JSON: every figure, and null for what is not known."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from findings_evidence import convolution, profile_of, timed
from networks import measured_with_work

from trtcore.report.export.cost_json import cost_tree, energy_tree, finding_tree, memory_tree
from trtcore.report.export.profile_json import profile_json
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.records.energy import Energy, EnergyGap, EnergySource
from trtcore.result.records.memory import MemoryPoint, MemoryReading, RunMemory

# 10^10 multiply-adds are 0.2 ms at 100 TFLOP/s; 100 weights and two tensors of 8192 bytes.
PROFILE = profile_of([convolution(0)], [0.4])


def test_the_cost_of_a_network_and_of_its_group() -> None:
    work = {
        "ms": pytest.approx(0.4),
        "macs": 10**10,
        "flops": 2 * 10**10,
        "weight_bytes": 200.0,
        "moved_bytes": 16584.0,
        "intensity": pytest.approx(2e10 / 16584),
        "tflops": pytest.approx(50.0),
        "bandwidth_gbs": pytest.approx(16584 / 0.4e6),
        "least_ms": pytest.approx(0.2),
        "share_of_peak": pytest.approx(0.5),
        "is_at_least": False,
        "is_assumed": False,
    }
    assert cost_tree(Analysis(PROFILE)) == {
        **work,
        "latency_ms": None,
        "dtype": "fp16",
        "bound_shares": {"compute": 1.0, "memory": 0.0, "latency": 0.0},
        "peaks": {
            "source": "given",
            "device": "",
            "sm_mhz": 0,
            "bandwidth_gbs": 1000.0,
            "tflops": {"fp16": 100.0, "fp32": 100.0},
        },
        "groups": [
            {
                "nodes": ["c0"],
                "layers": ["layer 0"],
                **work,
                "read_bytes": 8192.0,
                "written_bytes": 8192.0,
                "dtype": "fp16",
                "bound": "compute",
                "findings": [],
            }
        ],
    }


def test_without_peaks_the_work_is_there_and_the_rest_is_null() -> None:
    tree = cost_tree(Analysis(replace(PROFILE, peaks=None)))
    assert tree is not None
    assert (tree["peaks"], tree["share_of_peak"], tree["flops"]) == (None, None, 2 * 10**10)
    assert tree["groups"][0]["bound"] == "unknown"
    assert cost_tree(Analysis(replace(PROFILE, model=replace(PROFILE.model, nodes=())))) is None


def test_an_energy_and_one_that_is_missing() -> None:
    energy = Energy(EnergySource.COUNTER, joules=50.0, seconds=5.0, iterations=1000, idle_w=4.0)
    tree = energy_tree(Analysis(replace(PROFILE, energy=energy, batch=4)))
    assert tree == {
        "source": "energy counter",
        "millijoules": 50.0,
        "millijoules_per_item": 12.5,
        "idle_millijoules": 20.0,
        "graph_millijoules": None,
        "watts": 10.0,
        "idle_watts": 4.0,
        "seconds": 5.0,
        "iterations": 1000,
        "gap": "none",
    }
    missing = energy_tree(Analysis(replace(PROFILE, energy=Energy(gap=EnergyGap.TOO_SHORT))))
    assert missing is not None
    assert (missing["gap"], missing["millijoules"], missing["watts"]) == ("too short", None, None)
    assert energy_tree(Analysis(PROFILE)) is None


def test_the_memory_of_a_run() -> None:
    readings = tuple(
        MemoryReading(point, (100 - 10 * i) << 20, (50 + i) << 20)
        for i, point in enumerate(MemoryPoint)
    )
    tree = memory_tree(Analysis(replace(PROFILE, memory=RunMemory(readings=readings))))
    assert tree is not None
    assert tree["weights_bytes"] == 10 << 20
    assert tree["host_start_bytes"] == 50 << 20
    assert (tree["activations_bytes"], tree["batch_limit"]) == (None, None)
    assert memory_tree(Analysis(PROFILE)) is None


def test_a_finding_with_its_figures_and_its_sentence() -> None:
    analysis = Analysis(timed(PROFILE, wall_ms=0.5, graph_wall_ms=0.25))
    (finding,) = analysis.findings
    assert finding_tree(analysis, finding) == {
        "kind": "CUDA graph",
        "saves_ms": 0.25,
        "saves_share": 0.5,
        "of": "between layers",
        "is_measured": True,
        "numbers": [0.5, 0.25],
        "names": [],
        "layers": [],
        "text": "0.2500 ms (50.0%), measured: an iteration takes 0.5000 ms enqueued and 0.2500 ms "
        "as a CUDA graph; launch one instead, as trtexec does with --useCudaGraph",
    }


@pytest.mark.parametrize("name", ["vit_b_16", "resnet50"])
def test_the_report_of_a_real_network_names_findings_at_their_groups(name: str) -> None:
    peaks = parse_peaks("fp16=750,fp32=60,bandwidth=4200")
    tree = json.loads(profile_json(replace(measured_with_work(name), peaks=peaks)))
    groups, findings = tree["cost"]["groups"], tree["findings"]
    assert sum(group["flops"] for group in groups) == tree["cost"]["flops"] > 10**9
    assert all(group["intensity"] is None or group["intensity"] >= 0 for group in groups)
    about_layers = {finding["kind"] for finding in findings if finding["layers"]}
    assert about_layers
    assert about_layers == {kind for group in groups for kind in group["findings"]}
    assert [finding["saves_ms"] for finding in findings] == sorted(
        (finding["saves_ms"] for finding in findings), reverse=True
    )
