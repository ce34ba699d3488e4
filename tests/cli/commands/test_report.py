"""``trtcore convert`` and ``trtcore report``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from paths import DATA, LIGHT

import trtcore

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real profile, saved."""
    path = tmp_path_factory.mktemp("saved") / "result.json"
    light = LIGHT / "light_squeezenet.onnx"
    profile = trtcore.profile_model(light, backend="onnxruntime", iterations=3)
    trtcore.save_profile(profile, path)
    return path


def test_a_caffe_net_becomes_a_valid_onnx_file(run: Run, data: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    deploy = data / "caffe" / "squeezenet_v1.1_deploy.prototxt"
    ran = run("convert", deploy, "-o", path, "--batch", "2")
    assert (ran.code, ran.out) == (0, "")
    assert "weights: He-normal, seed 0" in ran.err
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 2
    assert model.graph.node[0].name == "conv1"


def test_a_caffe_net_that_is_broken_leaves_no_file(run: Run, data: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.prototxt"
    text = (data / "caffe" / "squeezenet_v1.1_deploy.prototxt").read_text()
    broken.write_text(text[: len(text) // 2])
    ran = run("convert", broken, "-o", tmp_path / "net.onnx")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [broken]


def test_weights_without_a_net(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(b"\n\x03net")
    ran = run("convert", path, "-o", tmp_path / "net.onnx")
    assert ran.code == 2
    assert "give the .prototxt, with --weights" in ran.err


def test_a_saved_result_prints_the_same_table(run: Run, saved: Path) -> None:
    ran = run("report", saved, "--sort", "time", "--top", "2")
    assert ran.code == 0
    assert "Time over all layers" in ran.out
    assert "further layers" in ran.out


@pytest.mark.parametrize("form", ["trtexec-profile", "trtexec-layers", "trtexec-times", "perfetto"])
def test_what_other_tools_read_is_json(run: Run, saved: Path, tmp_path: Path, form: str) -> None:
    path = tmp_path / "out.json"
    assert run("report", saved, "--format", form, "-o", path).code == 0
    assert json.loads(path.read_text())
    assert run("report", saved, "--format", form).out == path.read_text()


def test_csv_has_every_layer(run: Run, saved: Path) -> None:
    ran = run("report", saved, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert len(rows) == len(trtcore.load_profile(saved).layers)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--format", "xml"],
            "--format is 'xml', must be one of table, plain, markdown, json, csv",
        ),
        (["--sort", "name"], "sort is 'name', must be one of order, time"),
        (["-o", "no/such/folder"], "cannot be written"),
    ],
)
def test_bad_options(run: Run, saved: Path, options: list[str], words: str) -> None:
    ran = run("report", saved, *options)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_the_cost_of_rows_and_given_peaks(run: Run, saved: Path) -> None:
    ran = run("report", saved, "--cost", "--findings", "--peak", "fp32=0.5,bandwidth=20")
    assert ran.code == 0
    assert "of peak  bound by" in ran.out
    assert "Peaks  fp32 0.5 TFLOP/s, 20 GB/s, as given" in ran.out
    # What was measured with the run is what counts without the option.
    assert "GB/s, measured on" in run("report", saved).out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--peak", "fp32=0"), "--peak is 'fp32=0': fp32 is '0', must be a number above 0"),
        (
            ("--format", "csv", "--cost"),
            "--cost is about --format table, plain, markdown, json; csv holds",
        ),
        (("--format", "csv", "--findings"), "--findings is about --format table"),
    ],
)
def test_peaks_and_views_that_make_no_sense(
    run: Run, saved: Path, options: tuple[str, ...], message: str
) -> None:
    ran = run("report", saved, *options)
    assert ran.code == 2
    assert message in ran.err


def test_a_file_of_another_tool_is_shown(run: Run) -> None:
    """As compare reads it: with its layer information the rows have the nodes of the model."""
    profile = DATA / "trtexec_profile_googlenet_fp16_b4.json"
    layers = DATA / "inspector_googlenet_fp16_b4.json"
    ran = run("report", profile, "--layer-info", layers, "--sort", "time", "--top", "1")
    assert ran.code == 0, ran.err
    row = "conv1/7x7_s2 + conv1/relu_7x7 [correlation]     0.1636    8.6%       -  0.1636"
    assert row in ran.out
    ran = run("report", LIGHT, "--layer-info", layers)
    assert (ran.code, ran.out) == (2, "")
