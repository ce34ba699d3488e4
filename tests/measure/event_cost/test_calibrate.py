"""Engines of a calibration, by the real builder: built once for all processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from trtcore.engine.tensorrt.bindings import load_bindings
from trtcore.measure.event_cost import calibrate

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU")


def test_plans_are_kept_by_their_layers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path))
    bindings, built = load_bindings("tensorrt_rtx"), []
    build_plan = calibrate.build_plan
    monkeypatch.setattr(
        calibrate, "build_plan", lambda *given: built.append(given[1].name) or build_plan(*given)
    )
    first = [calibrate.chain_plan(bindings, count) for count in (1, 2)]
    assert built == ["chain of 1", "chain of 2"]
    assert first[0] != first[1]
    assert [calibrate.chain_plan(bindings, count) for count in (1, 2)] == first
    assert built == ["chain of 1", "chain of 2"]
    calibrate.chain_plan(bindings, 1, use_cache=False)
    assert built[2:] == ["chain of 1"]
    for path in tmp_path.iterdir():
        path.write_bytes(b"damaged")
    calibrate.chain_plan(bindings, 1)
    assert built[3:] == ["chain of 1"]
