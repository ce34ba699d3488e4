"""A profile's rows as JSON: whole rows, and no figure that JSON lacks."""

from __future__ import annotations

import json

import pytest
from networks import measured

from trtcore.report.export.profile_json import profile_json
from trtcore.result.records.profile import Profile


def test_rows(gpu_profile: Profile) -> None:
    tree = json.loads(profile_json(gpu_profile, sort="time", top=1))
    assert (tree["schema"], tree["version"], tree["model"]) == ("trtcore/report", 1, "googlenet")
    first, rest = tree["rows"]
    assert first == {
        "name": "conv1/7x7_s2 + conv1/relu_7x7 [correlation]",
        "median_ms": pytest.approx(0.1636, rel=1e-6),
        "corrected_ms": None,
        "share": pytest.approx(0.779, abs=5e-4),
        "p95_ms": pytest.approx(0.16508, rel=1e-3),
        "min_ms": pytest.approx(0.1636 * 0.99, rel=1e-6),
        "reformat_ms": 0.0,
        "least_ms": None,
        "share_of_peak": None,
        "bound": "",
        "is_below_resolution": False,
        "layers": ["conv1/7x7_s2_U3_myl0_1"],
        "nodes": ["conv1/7x7_s2", "conv1/relu_7x7"],
    }
    assert (rest["name"], rest["layers"], rest["p95_ms"]) == ("3 further layers", [], None)
    assert tree["latency"]["wall_ms"]["count"] == 700
    assert tree["latency"]["gated_ms"] is None


@pytest.mark.parametrize("level", ["layer", "node", "block", "type:2"])
def test_the_rows_of_a_real_network_add_up(level: str) -> None:
    tree = json.loads(profile_json(measured("swin_t"), group_by=level))
    sync = tree["stream_sync"]["median_ms"] if tree["stream_sync"] else 0.0
    total = sum(row["median_ms"] for row in tree["rows"]) + sync
    assert total == pytest.approx(tree["total"]["median_ms"])
    assert tree["group_by"] == level
