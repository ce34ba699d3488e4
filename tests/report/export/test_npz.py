"""Samples as NumPy arrays: every series, the names of the columns, and no pickled object."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from networks import measured

from trtcore.cli import main
from trtcore.report.export.npz import render_npz
from trtcore.result.records.profile import Profile
from trtcore.result.saved import save_profile


def test_all_that_was_measured(gpu_profile: Profile) -> None:
    arrays = np.load(io.BytesIO(render_npz(gpu_profile)), allow_pickle=False)
    series = {"layer_ms", "wall_ms", "enqueue_ms", "gpu_ms"}
    assert set(arrays) == {*series, "layers", "kinds", "nodes"}
    for name in series:
        kept = getattr(gpu_profile.samples, name)
        assert arrays[name].dtype == np.float32
        np.testing.assert_array_equal(arrays[name], kept)
    assert arrays["layers"].tolist() == [layer.name for layer in gpu_profile.layers]
    assert arrays["nodes"][0] == "conv1/7x7_s2 + conv1/relu_7x7"


def test_odd_names(gpu_profile: Profile) -> None:
    names = ["层", "a\nb", "x\udcff", "", "'", "</a>"]
    layers = tuple(replace(one, name=n) for one, n in zip(gpu_profile.layers, names, strict=True))
    arrays = np.load(io.BytesIO(render_npz(replace(gpu_profile, layers=layers))))
    assert arrays["layers"].tolist() == names


def test_it_needs_a_file(tmp_path: Any, capsys: Any) -> None:
    save_profile(measured("resnet50"), tmp_path / "net.json")
    run: Callable[..., int] = lambda *words: main(["report", str(tmp_path / "net.json"), *words])  # noqa: E731
    assert run("--format", "npz") == 2
    assert "--format npz is no text" in capsys.readouterr().err
    assert run("--format", "npz", "-o", str(tmp_path / "net.npz")) == 0
    assert (
        np.load(tmp_path / "net.npz")["layer_ms"].shape
        == measured("resnet50").samples.layer_ms.shape
    )
