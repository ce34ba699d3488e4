"""``trtcore compare``: files of every kind, the gate, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import trtcore

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real profile, and the same with one node made twice as slow."""
    folder = tmp_path_factory.mktemp("saved")
    light = Path(onnx.__file__).parent / "backend/test/data/light/light_squeezenet.onnx"
    profile = trtcore.profile_model(light, backend="onnxruntime", iterations=64)
    # Enough iterations for intervals, without running them all.
    layer_ms = np.tile(profile.samples.layer_ms, (10, 1))
    profile = replace(profile, samples=replace(profile.samples, layer_ms=layer_ms))
    trtcore.save_profile(profile, folder / "base.json")
    layer_ms = layer_ms.copy()
    slowest = int(np.median(layer_ms, axis=0).argmax())
    layer_ms[:, slowest] *= 2
    samples = replace(profile.samples, layer_ms=layer_ms)
    trtcore.save_profile(replace(profile, samples=samples), folder / "slow.json")
    (folder / "slow.txt").write_text(profile.layers[slowest].nodes[0])
    return folder


def test_a_result_against_itself_breaks_nothing(run: Run, saved: Path) -> None:
    base = saved / "base.json"
    ran = run("compare", base, base, "--fail-if", "layer > 1%", "--fail-if", "total > 1%")
    assert (ran.code, ran.err) == (0, "")


def test_a_slow_layer_breaks_the_gate_and_is_named(run: Run, saved: Path) -> None:
    ran = run("compare", saved / "base.json", saved / "slow.json", "--fail-if", "layer > 50%")
    assert ran.code == 3
    assert (saved / "slow.txt").read_text() in ran.err
    assert ran.err.count("\n") == 1


def test_the_tutorials_own_files(run: Run, data: Path) -> None:
    log, table = data / "caffe_time_googlenet_b4.txt", data / "sample_googlenet_1080ti_b4.txt"
    ran = run("compare", log, table, "--allow-partial")
    assert ran.code == 0
    assert "1046.79" in ran.out
    assert "2.978" in ran.out


def test_several_new_ones(run: Run, saved: Path) -> None:
    base, slow = saved / "base.json", saved / "slow.json"
    ran = run("compare", base, slow, base, "--top", "2")
    assert ran.code == 0
    assert ran.out.count("time over all layers") >= 2


def test_markdown_and_json(run: Run, saved: Path) -> None:
    files = (saved / "base.json", saved / "slow.json")
    assert "| --:|" in run("compare", *files, "--markdown").out.replace("|--:|", "| --:|")
    assert json.loads(run("compare", *files, "--json").out)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--fail-if", "total >> 3%"], "total >> 3%"),
        (["--fail-if", "median > 3%"], "median > 3%"),
        (["--top", "0"], "--top is 0"),
        (["--markdown", "--json"], "not allowed with argument"),
    ],
)
def test_bad_options(run: Run, saved: Path, options: list[str], words: str) -> None:
    ran = run("compare", saved / "base.json", saved / "slow.json", *options)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert ran.err.count("\n") == 1


def test_other_models_are_refused(run: Run, saved: Path, data: Path) -> None:
    ran = run("compare", saved / "base.json", data / "sample_googlenet_1080ti_b4.txt")
    assert (ran.code, ran.out) == (2, "")
    assert "--allow-partial" in ran.err


def test_a_missing_and_a_foreign_file(run: Run, saved: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see\n")
    for name in ("no.json", "notes.txt"):
        ran = run("compare", saved / "base.json", tmp_path / name)
        assert (ran.code, ran.out) == (2, "")
        assert name in ran.err
