"""``trtcore compare``: files of every kind, the gate, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paths import LIGHT

import trtcore
from trtcore.result.records.layers import Layer

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real profile, and the same with one node made twice as slow.

    Only the layers are real: their times are made up, 1 % about 0.1 ms, so that what stands out
    does not depend on how busy the machine is.
    """
    folder = tmp_path_factory.mktemp("saved")
    light = LIGHT / "light_squeezenet.onnx"
    profile = trtcore.profile_model(light, backend="onnxruntime", iterations=2)
    noise = np.random.default_rng(0).normal(1, 0.01, (640, len(profile.layers)))
    layer_ms = (0.1 * noise).astype(np.float32)
    wall_ms = layer_ms.sum(axis=1)
    samples = replace(profile.samples, layer_ms=layer_ms, wall_ms=wall_ms)
    counts = replace(profile.counts, asked=640, measured=640)
    profile = replace(profile, samples=samples, counts=counts)
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
    assert ran.err.startswith(f"trtcore: {saved / 'slow.json'}: ")
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
    ran = run("compare", base, slow, base, "--top", "2", "--fail-if", "layer > 50%")
    assert ran.code == 3
    assert ran.out.count("\nNew:  ") == 2
    assert ran.out.index(f"New:  {slow}: ") < ran.out.index(f"New:  {base}: ")
    assert ran.out.count(f"Base: {base}: ") == 2
    assert ran.err.startswith(f"trtcore: {slow}: ")
    assert ran.err.count("\n") == 1


def test_markdown(run: Run, saved: Path) -> None:
    base, slow = saved / "base.json", saved / "slow.json"
    gate = ("--fail-if", "layer > 50%")
    ran = run("compare", base, slow, base, "--markdown", "--top", "3", *gate)
    assert ran.code == 3
    first, second = ran.out.split("### ")[1:]
    assert f"new `{slow}`\n\n**Limits: broken**\n\n- `" in first
    assert "**Limits: passed** (`layer > 50%`)" in second
    assert len([line for line in first.splitlines() if line.startswith("| ")]) == 1 + 2 + 3 + 1


def test_json_is_one_document(run: Run, saved: Path) -> None:
    base, slow = str(saved / "base.json"), str(saved / "slow.json")
    one = json.loads(run("compare", base, slow, "--json").out)
    assert (one["base"]["file"], one["new"]["file"], one["limits"]) == (base, slow, None)
    ran = run("compare", base, slow, base, "--json", "--fail-if", "layer > 50%")
    assert ran.code == 3
    several = json.loads(ran.out)
    assert [found["new"]["file"] for found in several] == [slow, base]
    assert [len(found["limits"]["broken"]) for found in several] == [1, 0]


def test_a_gate_that_judges_nothing_is_an_error(run: Run, saved: Path) -> None:
    files = (saved / "base.json", saved / "slow.json")
    ran = run("compare", *files, "--fail-if", "layer nosuchnode* > 10%")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(
        f"trtcore: error: {files[1]}: condition 'layer nosuchnode* > 10%' matches no "
        "comparable row: none of the "
    )
    assert ran.err.count("\n") == 1


def test_an_engine_without_names_cannot_pass_the_gate(
    run: Run, saved: Path, tmp_path: Path
) -> None:
    profile = trtcore.load_profile(saved / "base.json")
    layers = tuple(Layer(str(i)) for i in range(len(profile.layers)))
    bare = tmp_path / "none.json"
    trtcore.save_profile(replace(profile, layers=layers), bare)
    ran = run("compare", saved / "base.json", bare, "--fail-if", "layer > 1%")
    assert (ran.code, ran.out) == (2, "")
    assert f"{bare}: condition 'layer > 1%' matches no comparable row: none of its " in ran.err
    assert ran.err.count("\n") == 1


class TestTrtexec:
    """Its profile is a list of times; what the layers are is in another file."""

    PROFILE = "trtexec_profile_googlenet_fp16_b4.json"
    INFO = "inspector_googlenet_fp16_b4.json"

    def test_beside_another_kind(self, run: Run, data: Path) -> None:
        log = data / "caffe_time_googlenet_b4.txt"
        for files in ((log, data / self.PROFILE), (data / self.PROFILE, log)):
            ran = run("compare", *files, "--layer-info", data / self.INFO, "--allow-partial")
            assert ran.code == 0, ran.err
            assert "inception_5b/3x3" in ran.out
            assert "--layer-info" not in ran.out

    def test_without_its_layers_the_report_asks_for_them(self, run: Run, data: Path) -> None:
        ran = run("compare", data / self.PROFILE, data / self.PROFILE)
        assert ran.code == 0, ran.err
        assert "Note: base: 132 of 206 layer names map to no model node" in ran.out
        assert "--layer-info" in ran.out

    def test_one_for_each(self, run: Run, data: Path) -> None:
        profile, info = data / self.PROFILE, data / self.INFO
        ran = run("compare", profile, profile, "--layer-info", info, "--layer-info", info)
        assert (ran.code, ran.err) == (0, "")
        ran = run("compare", profile, profile, *["--layer-info", info] * 3)
        assert (ran.code, ran.out) == (2, "")
        assert "--layer-info names 3 files for 2 trtexec profiles" in ran.err

    def test_none_that_it_could_be_of(self, run: Run, saved: Path, data: Path) -> None:
        base, info = saved / "base.json", data / self.INFO
        ran = run("compare", base, base, "--layer-info", info)
        assert (ran.code, ran.out) == (2, "")
        assert f"{info}: layer information only applies to a trtexec profile" in ran.err

    def test_cut_off(self, run: Run, data: Path, tmp_path: Path) -> None:
        whole = data / self.PROFILE
        part = tmp_path / "t.json"
        part.write_text(whole.read_text()[:9000])
        ran = run("compare", whole, part, "--fail-if", "total > 3%")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == (
            f"trtcore: error: {part}: the file is cut off: it ends without ']'; export it again\n"
        )


def test_a_byte_order_mark(run: Run, saved: Path, tmp_path: Path) -> None:
    marked = tmp_path / "marked.json"
    marked.write_bytes(b"\xef\xbb\xbf" + (saved / "base.json").read_bytes())
    assert run("compare", saved / "base.json", marked).code == 0
    assert run("inspect", marked).code == 0
    assert run("report", marked, "--top", "1").code == 0


def test_a_comparison_of_precisions_points_to_its_report(
    run: Run, saved: Path, tmp_path: Path
) -> None:
    path = tmp_path / "precisions.json"
    path.write_text('{"schema": "trtcore/precision-comparison", "version": 1}')
    for command in (
        ("compare", path, saved / "base.json"),
        ("compare", saved / "base.json", path),
        ("inspect", path),
        ("profile", "googlenet", "--baseline", path),
    ):
        ran = run(*command)
        assert (ran.code, ran.out) == (2, "")
        assert f"'trtcore report {path}' shows it" in ran.err


def test_times_that_are_no_numbers_name_the_file(run: Run, saved: Path, tmp_path: Path) -> None:
    profile = trtcore.load_profile(saved / "base.json")
    layer_ms = profile.samples.layer_ms.copy()
    layer_ms[3, 0] = np.nan
    bad = tmp_path / "nan.json"
    trtcore.save_profile(replace(profile, samples=replace(profile.samples, layer_ms=layer_ms)), bad)
    for files in ((saved / "base.json", bad), (bad, saved / "base.json")):
        ran = run("compare", *files)
        assert (ran.code, ran.out) == (2, "")
        assert f"error: {bad}: layer " in ran.err


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
    assert f"base.json and {data / 'sample_googlenet_1080ti_b4.txt'}: " in ran.err
    assert "--allow-partial" in ran.err


def test_a_missing_and_a_foreign_file(run: Run, saved: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see\n")
    for name in ("no.json", "notes.txt"):
        ran = run("compare", saved / "base.json", tmp_path / name)
        assert (ran.code, ran.out) == (2, "")
        assert name in ran.err
