"""``trtcore profile --baseline``: the tutorial's comparison, and what is refused before it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import trtcore.models.load
from trtcore.result.readers.single_figures import make_profile
from trtcore.result.records.layers import Layer, ModelNode
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.saved import save_profile
from trtcore.system.device import gpu_problem

Run = Callable[..., Any]
FEW = ("profile", "googlenet", "--batch", "1", "--iterations", "2", "--top", "1")
no_gpu = pytest.mark.skipif(gpu_problem() is None, reason="about machines without a GPU")


def test_the_tutorials_own_log_beside_a_profile(run: Run, data: Path) -> None:
    log = data / "caffe_time_googlenet_b4.txt"
    ran = run(*FEW, "--backend", "onnxruntime", "--baseline", log)
    assert ran.code == 0, ran.err
    table = ran.out[ran.out.index("Before:") :]
    assert table.startswith("Before: caffe_time_googlenet_b4, caffe (caffe time")
    assert re.search(r"^inception_5b/3x3 +13\.2323 +\d+\.\d+ +\d+\.\dx$", table, re.M)
    assert re.search(r"^One forward pass takes [\d.]+% of what it takes with caffe: ", table, re.M)
    assert ran.out.index("Time over all layers") < ran.out.index("Before:")


def few_of(net: Path) -> tuple[str, ...]:
    """Two iterations of a network."""
    return ("profile", str(net), "--iterations", "2", "--top", "1")


def test_a_precision_beside_the_model_as_it_is(run: Run, small: Path) -> None:
    ran = run(*few_of(small), "--backend", "onnxruntime", "--fp16", "--baseline", "onnxruntime")
    assert ran.code == 0, ran.err
    assert "Before: small, onnxruntime, fp32, batch 1" in ran.out
    assert "After:  small, onnxruntime, fp16, batch 1" in ran.out
    assert re.search(r"^conv .* \d+\.\dx$", ran.out, re.M)


@no_gpu
@pytest.mark.parametrize("kind", ["auto", "onnxruntime"])
def test_a_thing_is_not_compared_with_itself(run: Run, small: Path, kind: str) -> None:
    ran = run(*few_of(small), "--baseline", kind)
    assert ran.code == 0
    assert f"trtcore: --baseline {kind}: ONNX Runtime on the CPU would be compared with" in ran.err
    assert "Before:" not in ran.out
    assert "Time over all layers" in ran.out


@pytest.mark.torch
def test_pytorch_beside_onnx_runtime(run: Run) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.set_num_threads(1)
    ran = run(*FEW, "--backend", "onnxruntime", "--baseline", "torch")
    assert ran.code == 0, ran.err
    assert "Before: googlenet, torch, fp32, batch 1" in ran.out
    assert "of what it takes with torch: " in ran.out


def test_a_saved_result(run: Run, small: Path, tmp_path: Path) -> None:
    saved, few = tmp_path / "base.json", few_of(small)
    assert run(*few, "--backend", "onnxruntime", "--save", saved, "--quiet").code == 0
    ran = run(*few, "--backend", "onnxruntime", "--baseline", saved)
    assert ran.code == 0, ran.err
    assert "of what it takes in base: " in ran.out


class TestTheModelIsLoadedOnce:
    """Whatever needs it: the check of a file, the run, the baseline that is measured."""

    @pytest.fixture
    def net(self, tmp_path: Path) -> Path:
        nodes = [
            helper.make_node("Relu", ["x"], ["r"], name="first"),
            helper.make_node("Sigmoid", ["r"], ["y"], name="second"),
        ]
        ends = (("x", ["N", 8]), ("y", ["N", 8]))
        infos = [[helper.make_tensor_value_info(n, TensorProto.FLOAT, s)] for n, s in ends]
        graph = helper.make_graph(nodes, "net", *infos)
        opset = [helper.make_opsetid("", 17)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "n.onnx")
        return tmp_path / "n.onnx"

    @pytest.fixture
    def loads(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        found: list[Any] = []
        load = trtcore.models.load.load_model

        def counted(source: Any, **options: Any) -> Any:
            found.append(source)
            return load(source, **options)

        monkeypatch.setattr("trtcore.models.load.load_model", counted)
        return found

    def test_beside_a_file(self, run: Run, net: Path, loads: list[Any], tmp_path: Path) -> None:
        few = ("profile", net, "--batch", "3", "--iterations", "5", "--backend", "onnxruntime")
        base = tmp_path / "base.json"
        assert run(*few, "--save", base, "--quiet").code == 0
        assert loads == [str(net)]
        ran = run(*few, "--baseline", base)
        assert ran.code == 0, ran.err
        assert "Before: n, onnxruntime, fp32, batch 3" in ran.out
        assert loads == [str(net)] * 2

    def test_beside_a_measurement(self, run: Run, net: Path, loads: list[Any]) -> None:
        few = ("profile", net, "--batch", "3", "--iterations", "5", "--backend", "onnxruntime")
        ran = run(*few, "--fp16", "--baseline", "onnxruntime")
        assert ran.code == 0, ran.err
        assert "Before: n, onnxruntime, fp32, batch 3" in ran.out
        assert loads == [str(net)]


class TestRefusedBeforeTheWork:
    """The model is never read: it does not exist."""

    @pytest.mark.parametrize(
        ("baseline", "more", "words"),
        [
            ("nosuch.json", (), "nosuch.json: cannot be read"),
            ("onnxruntime", ("--quiet",), "--baseline prints a table and --quiet none"),
            ("onnxruntime", ("--compare", "fp32,fp16"), "--baseline onnxruntime (what to compare"),
        ],
    )
    def test_one_line(self, run: Run, baseline: str, more: tuple[str, ...], words: str) -> None:
        ran = run("profile", "nosuch.onnx", "--baseline", baseline, *more)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err
        assert ran.err.count("\n") == 1

    def test_a_file_that_is_no_baseline(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("shopping list\n")
        ran = run("profile", "nosuch.onnx", "--baseline", path)
        assert (ran.code, ran.out) == (2, "")
        assert f"{path}: is not a saved trtcore result" in ran.err

    def test_a_plan_has_no_model_to_time(self, run: Run) -> None:
        ran = run("profile", "nosuch.plan", "--baseline", "auto")
        assert (ran.code, ran.out) == (2, "")
        assert "--baseline auto times the model, and nosuch.plan is built already" in ran.err


class TestOtherModels:
    """Told before the engine is built: nothing is saved."""

    def refused(self, run: Run, base: Path, tmp_path: Path) -> str:
        saved = tmp_path / "new.json"
        ran = run(*FEW, "--backend", "onnxruntime", "--baseline", base, "--save", saved)
        assert (ran.code, ran.out) == (2, "")
        assert not saved.exists()
        assert ran.err.count("\n") == 1
        return str(ran.err)

    def test_a_log(self, run: Run, tmp_path: Path) -> None:
        base = tmp_path / "base.log"
        base.write_text(
            "conv7\tforward: 3.5 ms.\nprob\tforward: 0.5 ms.\nAverage Forward pass: 4 ms.\n"
        )
        assert self.refused(run, base, tmp_path) == (
            f"trtcore: error: --baseline {base}: 'base' and 'googlenet' are not the same model: 1 "
            "of its 142 nodes are in the baseline, with 12% of its time; --allow-partial compares "
            "what is in both\n"
        )

    def test_a_small_model_that_shares_a_name_with_a_log(
        self, run: Run, tmp_path: Path, data: Path
    ) -> None:
        names = [*(f"block/{i}" for i in range(5)), "prob"]
        nodes = [
            helper.make_node("Relu", [f"t{i}"], [f"t{i + 1}"], name=name)
            for i, name in enumerate(names)
        ]
        ends = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3])]
            for name in ("t0", "t6")
        ]
        model = helper.make_model(
            helper.make_graph(nodes, "net", *ends),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
        )
        onnx.save(model, tmp_path / "net.onnx")
        log, saved = data / "caffe_time_googlenet_b4.txt", tmp_path / "new.json"
        given = ("--backend", "onnxruntime", "--iterations", "2", "--save", saved)
        ran = run("profile", tmp_path / "net.onnx", *given, "--baseline", log)
        assert (ran.code, ran.out) == (2, "")
        assert "'net' are not the same model: 1 of its 6 nodes are in the baseline" in ran.err
        assert not saved.exists()

    def test_a_saved_result(self, run: Run, tmp_path: Path, other: Profile) -> None:
        base = tmp_path / "base.json"
        save_profile(other, base)
        told = self.refused(run, base, tmp_path)
        assert told.startswith(f"trtcore: error: --baseline {base}: 'other' (1 nodes) and 'googlen")
        assert "--allow-partial" in told

    def test_times_that_are_no_numbers(self, run: Run, tmp_path: Path, other: Profile) -> None:
        base = tmp_path / "base.json"
        samples = replace(other.samples, layer_ms=np.float32([[np.nan]]))
        save_profile(replace(other, samples=samples), base)
        told = self.refused(run, base, tmp_path)
        assert told == (f"trtcore: error: {base}: layer 'only' has a time that is not a number\n")

    def test_allow_partial_goes_on(self, run: Run, small: Path, tmp_path: Path) -> None:
        base = tmp_path / "base.log"
        base.write_text("conv7\tforward: 3.5 ms.\nrelu\tforward: 0.5 ms.\n")
        few = few_of(small)
        ran = run(*few, "--backend", "onnxruntime", "--baseline", base, "--allow-partial")
        assert ran.code == 0, ran.err
        assert re.search(r"^relu +0\.5000 ", ran.out, re.M)

    @pytest.fixture
    def other(self) -> Profile:
        profile = make_profile(
            [(Layer("only", nodes=("only",)), 1.0)],
            source="other",
            source_tool="x",
            method=Method(note="by hand"),
        )
        nodes = (ModelNode("only", "Relu", ("x",), ("y",)),)
        return replace(profile, model=replace(profile.model, nodes=nodes))


def test_a_profile_of_trtexec(run: Run, data: Path) -> None:
    profile = data / "trtexec_profile_googlenet_fp16_b4.json"
    info = data / "inspector_googlenet_fp16_b4.json"
    few = (*FEW, "--backend", "onnxruntime")
    ran = run(*few, "--baseline", profile, "--layer-info", info)
    assert ran.code == 0, ran.err
    assert "of what it takes with trtexec: " in ran.out
    assert "layer names map to no model node" not in ran.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--layer-info", "x.json"), "--layer-info is about the file of --baseline, and none is"),
        (("--allow-partial",), "--allow-partial is about the file of --baseline, and none is"),
        (
            ("--baseline", "onnxruntime", "--layer-info", "x.json"),
            "--layer-info goes with a file, and --baseline onnxruntime is timed here",
        ),
        (
            ("--compare", "fp32,fp16", "--layer-info", "x.json"),
            "--layer-info x.json (of a baseline that is a profile of trtexec) has no effect in a "
            "comparison of precisions, which is of several runs: leave it out",
        ),
        (
            ("--compare", "fp32,fp16", "--allow-partial"),
            "--allow-partial (of a baseline that has another model) has no effect in a comparison "
            "of precisions, which is of several runs: leave it out",
        ),
    ],
)
def test_options_about_a_file_that_is_not_there(
    run: Run, options: tuple[str, ...], words: str
) -> None:
    ran = run("profile", "nosuch.onnx", *options)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_verbose_says_where_the_time_of_both_went(run: Run, small: Path) -> None:
    ran = run(
        *few_of(small),
        "--backend",
        "onnxruntime",
        "--fp16",
        "--baseline",
        "onnxruntime",
        "--verbose",
    )
    assert ran.code == 0, ran.err
    _, profile, baseline = ran.out.split("\nWhere ")
    for text, phases in (
        (profile, ["start", "load", "nodes on the CPU", "peaks", "report"]),
        (baseline, ["start", "load", "nodes on the CPU", "report"]),
    ):
        rows = [row[2:18].strip() for row in text.splitlines() if " s  " in row]
        assert rows == phases
