"""``report --html`` and ``profile --html``: files, commands in the page, and bad input."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from hand_made_profiles import make_profile
from html_results import with_cost
from networks import measured
from onnx import parser
from paths import DATA

from trtcore.cli import main
from trtcore.cli.html_page import measure_again
from trtcore.result.records.layers import Layer, ModelRecord
from trtcore.result.saved import load_profile, save_profile

PRECISIONS = DATA / "schema1" / "precisions.json"


def page_of(path: Path) -> str:
    text = path.read_text()
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>\n") or text.endswith("</html>")
    return text


def test_one_result_and_the_commands_to_copy(tmp_path: Path, capsys) -> None:
    result, out = tmp_path / "t5.json", tmp_path / "out.html"
    save_profile(measured("t5_encoder"), result)
    assert main(["report", str(result), "--html", str(out)]) == 0
    assert "t5.json" in page_of(out)
    assert "trtcore profile" in page_of(out)
    assert capsys.readouterr().out == ""


def test_two_results_and_a_file_of_another_tool(tmp_path: Path) -> None:
    result, out = tmp_path / "t5.json", tmp_path / "out.html"
    save_profile(measured("t5_encoder"), result)
    assert main(["report", str(result), str(result), "--html", str(out)]) == 0
    assert 'id="c1"' in page_of(out)
    trtexec = DATA / "trtexec_profile_googlenet_fp16_b4.json"
    assert main(["report", str(trtexec), "--html", str(out)]) == 0
    assert "Measure again" not in page_of(out)


def test_what_trtexec_exported_with_its_layer_information(tmp_path: Path, capsys) -> None:
    names = ("trtexec_profile_googlenet_fp16_b4.json", "inspector_googlenet_fp16_b4.json")
    profile, layers = (str(DATA / name) for name in names)
    out = tmp_path / "out.html"
    assert main(["report", profile, "--layer-info", layers, "--html", str(out)]) == 0
    assert '<th scope="row">conv1/7x7_s2 + conv1/relu_7x7 [correlation]</th>' in page_of(out)
    assert main(["report", str(PRECISIONS), "--layer-info", layers, "--html", str(out)]) == 2
    message = "trtcore: error: --layer-info only applies to a trtexec profile\n"
    assert capsys.readouterr().err == message
    assert main(["report", profile, "--layer-info", str(out), "--html", str(out)]) == 2
    assert "--html" in capsys.readouterr().err


def test_results_whose_files_have_one_name(tmp_path: Path, monkeypatch) -> None:
    """As of two branches: their folders tell them apart."""
    monkeypatch.chdir(tmp_path)
    for folder in ("main", "new"):
        Path(folder).mkdir()
        save_profile(measured("t5_encoder"), Path(folder) / "t5.json")
    out = tmp_path / "out.html"
    assert main(["report", "main/t5.json", "new/t5.json", "--html", str(out)]) == 0
    assert "Comparison of main/t5.json and new/t5.json</h2>" in page_of(out)
    assert main(["report", "main/t5.json", "main/t5.json", "--html", str(out)]) == 0
    assert "Comparison of main/t5.json (1) and main/t5.json (2)</h2>" in page_of(out)


def test_a_result_from_a_pipe(tmp_path: Path) -> None:
    """A pipe can be read only once, whatever is looked for in it first."""
    result, out = tmp_path / "t5.json", tmp_path / "out.html"
    save_profile(measured("t5_encoder"), result)
    read, write = os.pipe()
    with subprocess.Popen(["cat", str(result)], stdout=write), os.fdopen(read):
        os.close(write)
        assert main(["report", f"/dev/fd/{read}", "--html", str(out)]) == 0
    assert "t5_encoder" in page_of(out)


def test_results_of_other_models_are_compared_where_that_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of two exports, one of which has a product less."""
    base, new, out = (tmp_path / name for name in ("base.json", "new.json", "out.html"))
    profile = measured("t5_encoder")
    save_profile(profile, base)
    product = next(node for node in profile.model.nodes if node.op == "MatMul")
    nodes = tuple(node for node in profile.model.nodes if node is not product)
    fewer = replace(profile.model, nodes=nodes)
    save_profile(replace(profile, model=fewer), new)
    words = ["report", str(base), str(new), "--html", str(out)]
    assert main(words) == 2
    assert "--allow-partial compares what is in both" in capsys.readouterr().err
    assert main([*words, "--allow-partial"]) == 0
    assert 'id="c1"' in page_of(out)


def test_peaks_that_are_given(tmp_path: Path) -> None:
    result, out = tmp_path / "resnet.json", tmp_path / "out.html"
    save_profile(with_cost("resnet50"), result)
    words = ["report", str(result), "--html", str(out), "--peak", "fp16=500,fp32=60,bandwidth=2000"]
    assert main(words) == 0
    assert "fp16 500 TFLOP/s, fp32 60, 2000 GB/s, as given" in page_of(out)


def test_a_comparison_of_precisions(tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    assert main(["report", str(PRECISIONS), "--html", str(out)]) == 0
    assert "fp16/fp32" in page_of(out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [PRECISIONS, PRECISIONS, "--html", "OUT"],
            "is a comparison of precisions: report it alone",
        ),
        ([PRECISIONS, "--html", "OUT", "--top", "3"], "--top has no effect on the page of --html"),
        ([PRECISIONS, "--html", "OUT", "-o", "x"], "-o has no effect on the page of --html"),
        ([PRECISIONS, "--html", "OUT", "--peak", "none"], "--peak is about profiles"),
        (
            [PRECISIONS, "--allow-partial"],
            "--allow-partial is about several results: leave it out",
        ),
        ([PRECISIONS, PRECISIONS], "several results are for --html OUT.html; see compare"),
        ([PRECISIONS, "--html", PRECISIONS], "would overwrite FILE 1"),
        ([PRECISIONS, "--html", "no such folder/x.html"], "no such folder"),
    ],
    ids=["beside", "view", "output", "peaks", "partial", "several", "over", "folder"],
)
def test_bad_input_is_one_line(tmp_path: Path, capsys, arguments, message: str) -> None:
    out = tmp_path / "out.html"
    words = [str(out) if word == "OUT" else str(word) for word in arguments]
    assert main(["report", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_run_writes_its_page(tmp_path: Path, capsys) -> None:
    out = tmp_path / "out.html"
    model = make_model(tmp_path)
    words = ["profile", str(model), "--backend", "onnxruntime", "--iterations", "3", "--quiet"]
    assert main([*words, "--html", str(out)]) == 0
    assert "Clocks" in page_of(out)
    # The page's own command is the one that measured it: it stands there once.
    assert "This page" in page_of(out)
    assert "Measure again" not in page_of(out)


def test_a_saved_run_names_the_command_that_measured_it(tmp_path: Path) -> None:
    model, saved, out = make_model(tmp_path), tmp_path / "net.json", tmp_path / "out.html"
    words = ["profile", str(model), "--backend", "onnxruntime", "--iterations", "3", "--quiet"]
    words += ["--seed", "7", "--save", str(saved)]
    assert main(words) == 0
    profile = load_profile(saved)
    assert profile.command == ("trtcore", *words)
    assert measure_again(profile) == shlex.join(("trtcore", *words))
    assert main(["report", str(saved), "--html", str(out)]) == 0
    assert "Measure again, as it was measured" in page_of(out)
    assert "--seed 7" in page_of(out)


def test_a_comparison_of_precisions_names_its_command_once(tmp_path: Path) -> None:
    model, saved, out = make_model(tmp_path), tmp_path / "net.json", tmp_path / "out.html"
    words = ["profile", str(model), "--backend", "onnxruntime", "--iterations", "3", "--quiet"]
    assert main([*words, "--compare", "fp32,fp16", "--save", str(saved)]) == 0
    assert main(["report", str(saved), "--html", str(out)]) == 0
    assert page_of(out).count("Measure again, as it was measured") == 1


def make_model(folder: Path) -> Path:
    path = folder / "net.onnx"
    head = '<ir_version: 10, opset_import: ["" : 21]>'
    text = f"{head} net (float[1,4] x) => (float[1,4] y) {{ y = Relu (x) }}"
    onnx.save(parser.parse_model(text), path)
    return path


@pytest.mark.parametrize(
    ("model", "precision", "command"),
    [
        (
            ModelRecord("googlenet", "built-in"),
            "fp16",
            "trtcore profile googlenet --precision fp16 --batch 1 --iterations 1",
        ),
        (
            ModelRecord("net", "my nets/net.plan"),
            "fp16",
            "trtcore profile 'my nets/net.plan' --batch 1 --iterations 1",
        ),
        (
            ModelRecord("net", "net.prototxt", "net.caffemodel"),
            "",
            "trtcore profile net.prototxt --weights net.caffemodel --batch 1 --iterations 1",
        ),
        (ModelRecord("graph", "memory"), "fp16", ""),
    ],
    ids=["built in", "plan", "caffe", "memory"],
)
def test_the_command_that_measures_again(model, precision: str, command: str) -> None:
    profile = make_profile([Layer("a")], [[1.0]], model=model, precision=precision)
    environment = replace(profile.environment, trtcore="0.1.0")
    assert measure_again(replace(profile, environment=environment)) == command
    assert measure_again(profile) == ""  # of a tool that is not known
