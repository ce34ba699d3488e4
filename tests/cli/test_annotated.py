"""``--annotate``: beside the report, from a saved result or from a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx

from trtcore.result.saved import load_profile, save_profile

Run = Callable[..., Any]
CPU = ("--backend", "onnxruntime", "--iterations", "6")


def notes(path: Path) -> dict[str, str]:
    """The doc string of each node."""
    onnx.checker.check_model(str(path))
    return {node.name: node.doc_string for node in onnx.load(path).graph.node}


def test_profile_and_report_write_the_same(run: Run, small: Path, tmp_path: Path) -> None:
    saved, first, second = (tmp_path / n for n in ("net.json", "first.onnx", "second.onnx"))
    ran = run("profile", small, *CPU, "--save", saved, "--annotate", first)
    assert ran.code == 0
    assert f"trtcore: {first}: 2 of 2 nodes annotated" in ran.err
    assert "Time over all layers" in ran.out
    ran = run("report", saved, "--model", small, "--annotate", second)
    assert (ran.code, ran.err) == (0, f"trtcore: {second}: 2 of 2 nodes annotated\n")
    assert first.read_bytes() == second.read_bytes()
    assert all(text.startswith("[trtcore] ") for text in notes(first).values())

    ran = run("report", saved, "--annotate", second)
    assert (ran.code, ran.err) == (
        2,
        "trtcore: error: --annotate FILE and --model FILE.onnx need each other\n",
    )
    ran = run("report", saved, "--model", second, "--annotate", second)
    assert ran.code == 2
    assert f"--annotate {second} would overwrite MODEL {second}" in ran.err
    ran = run("report", saved, "--model", "net.prototxt", "--annotate", second)
    assert ran.code == 2
    assert ran.err == (
        "trtcore: error: --model net.prototxt is a Caffe model: make it ONNX with trtcore convert, "
        "or use trtcore profile --annotate\n"
    )
    ran = run("report", saved, "--model", "googlenet", "--annotate", second)
    assert ran.code == 2
    assert "googlenet: none of its 142 nodes is in the result" in ran.err


def test_another_model_that_shares_some_names(run: Run, small: Path, tmp_path: Path) -> None:
    """As exporters name the nodes of every model Add_1 and Relu_2."""
    saved, other, out = (tmp_path / n for n in ("net.json", "other.onnx", "out.onnx"))
    assert run("profile", small, *CPU, "--save", saved).code == 0
    model = onnx.load(small)
    for node in model.graph.node[1:]:
        node.name = f"other_{node.name}"
    onnx.save(model, other)
    assert run("report", saved, "--model", other, "--annotate", out).err == (
        f"trtcore: {out}: 1 of 2 nodes annotated\n"
    )
    profile = load_profile(saved)
    nodes = (*profile.model.nodes, replace(profile.model.nodes[0], name="more"))
    save_profile(replace(profile, model=replace(profile.model, nodes=nodes)), saved)
    assert run("report", saved, "--model", other, "--annotate", out).err == (
        f"trtcore: {out}: 1 of 2 nodes annotated; 2 of the result are not in it: is it the model "
        "that was profiled?\n"
    )


def test_a_caffe_model_becomes_an_annotated_onnx_file(run: Run, tmp_path: Path) -> None:
    net, path = tmp_path / "net.prototxt", tmp_path / "net.onnx"
    net.write_text(
        'input: "data" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n'
        'layer { name: "r" type: "ReLU" bottom: "data" top: "r" }\n'
        'layer { name: "t" type: "TanH" bottom: "r" top: "t" }\n'
    )
    ran = run("profile", net, *CPU, "--annotate", path, "--quiet")
    assert ran.code == 0, ran.err
    assert list(notes(path)) == ["r", "t"]


def test_a_plan_has_no_model_to_annotate(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.plan").write_bytes(b"plan")
    ran = run("profile", tmp_path / "net.plan", "--annotate", tmp_path / "out.onnx")
    assert ran.code == 2
    assert "--annotate" in ran.err
