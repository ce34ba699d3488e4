"""``--compare``: several precisions in one run, for real on the CPU, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnx
import pytest
from onnx import parser

import trtcore
from trtcore.errors import OptionError, PrecisionNotMetError
from trtcore.result.analysis.failures import require_whole
from trtcore.result.phases import Phase
from trtcore.result.records.failure import RunFailure
from trtcore.system.device import gpu_problem

Run = Callable[..., Any]
CPU = ("--backend", "onnxruntime")
no_gpu = pytest.mark.skipif(gpu_problem() is None, reason="about machines without a GPU")

NET = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[2,8,16,16] x) => (float[2,16] p) <float[16,8,3,3] w, int64[2] axes = {2, 3}> {
  [conv] c = Conv (x, w) [relu] r = Relu (c) [pool] g = ReduceMean <keepdims = 0, axes = [2, 3]> (r)
  [prob] p = Softmax (g)
}
"""


def save(path: Path, scale: float = 0.1) -> Path:
    proto = parser.parse_model(NET)
    weights = np.random.default_rng(0).standard_normal((16, 8, 3, 3)).astype(np.float32) * scale
    del proto.graph.initializer[:]
    proto.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(weights), "w"))
    proto.graph.ClearField("value_info")
    onnx.save(proto, path)
    return path


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return save(tmp_path / "net.onnx")


def assert_refused(ran: Any, words: str, code: int = 2) -> None:
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert ran.err.count("\n") == 1, ran.err
    assert words in ran.err


def test_converted_graphs_are_compared_on_the_cpu(run: Run, net: Path, tmp_path: Path) -> None:
    path = tmp_path / "comparison.json"
    options = ("--compare", "fp32,fp16,half2", "--iterations", "200", "--tolerance", "1e-2")
    ran = run("profile", net, *CPU, *options, "--save", path)
    assert ran.code == 0, ran.err
    comparison = trtcore.load_precisions(path)
    assert comparison.precisions == ("fp32", "fp16", "half2")
    assert [profile.samples.layer_ms.shape[0] for profile in comparison.profiles] == [200] * 3
    assert [row.name for row in comparison.rows] == ["conv", "relu", "pool", "prob"]
    assert all(row.times[1].interval is not None for row in comparison.rows)
    errors = [profile.accuracy.relative_l2 for profile in comparison.profiles if profile.accuracy]
    assert errors[0] == 0
    assert 0 < errors[1] == errors[2] < 1e-2
    assert comparison.reformats.times[0].median_ms == 0 < comparison.reformats.times[1].median_ms
    sums = [
        sum(
            row.times[i].median_ms
            for row in (*comparison.rows, comparison.reformats, comparison.rest)
        )
        for i in range(3)
    ]
    assert sums == pytest.approx([time.median_ms for time in comparison.layers.times])
    words = " ".join(ran.out.split())
    assert comparison.verdict in words
    assert "no engine was timed: the converted graphs ran on the CPU" in words
    assert "half2: a CPU has no vectorised formats: this is FP16" in words
    shown = run("report", path, "--top", "2")
    assert shown.out.startswith("net in fp32, fp16, half2, batch 2, ONNX Runtime")
    assert "2 further rows" in shown.out
    written = tmp_path / "comparison.txt"
    assert run("report", path, "-o", written).code == 0
    assert comparison.verdict in " ".join(written.read_text().split())
    assert_refused(run("report", path, "--format", "csv"), "a comparison of precisions is a table")
    ran = run("report", path, "--group-by", "block")
    assert_refused(ran, "--group-by block: a comparison of precisions has rows of its own")


def test_warnings_stay_where_nothing_is_printed(run: Run, net: Path) -> None:
    options = ("--compare", "fp32,half2", "--iterations", "2", "--quiet")
    ran = run("profile", net, *CPU, *options)
    assert (ran.code, ran.out) == (0, "")
    lines = ran.err.splitlines()
    assert all(line.startswith("trtcore: warning: ") for line in lines)
    assert any("no engine was timed: the converted graphs ran on the CPU" in line for line in lines)


def test_casts_of_kept_nodes_are_tax_and_rows_stay_those_of_the_model(net: Path) -> None:
    comparison = trtcore.compare_precisions(
        net, ["fp32", "fp16"], backend="onnxruntime", iterations=30, keep_fp32=["relu"]
    )
    assert [row.name for row in comparison.rows] == ["conv", "relu", "pool", "prob"]
    assert {node.name for node in comparison.profiles[1].model.nodes} == {
        "conv",
        "relu",
        "pool",
        "prob",
    }
    assert comparison.reformats.times[1].median_ms > 0


def test_a_tolerance_that_is_not_kept_fails_after_the_table(run: Run, net: Path) -> None:
    options = ("--compare", "fp32,fp16", "--iterations", "2", "--tolerance", "1e-9")
    ran = run("profile", net, *CPU, *options)
    assert ran.code == 1
    assert "time over all layers" in ran.out
    assert "trtcore: error: fp16: output 'p' is " in ran.err
    with pytest.raises(PrecisionNotMetError, match="fp16: output 'p' is "):
        trtcore.compare_precisions(
            net, ["fp32", "fp16"], backend="onnxruntime", iterations=1, tolerance=1e-9
        )


@no_gpu
def test_without_a_gpu_it_says_what_can_be_done(run: Run, net: Path) -> None:
    ran = run("profile", net, "--compare", "fp32,fp16")
    assert_refused(ran, "comparing precisions needs a GPU: no NVIDIA driver")
    assert "--backend onnxruntime runs the converted graphs on the CPU" in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--compare", "fp32"], "fp32 is not enough to compare, give two"),
        (["--compare", ","], "nothing is not enough to compare, give two"),
        (["--compare", "fp32,fp16,fp32"], "fp32 is there twice"),
        (["--compare", "fp32,fp8"], "precision is 'fp8', must be one of fp32, tf32, fp16"),
        (["--compare", "fp32,bf16"], "ONNX Runtime computes no BF16 on a CPU"),
        (["--compare", "fp32,fp16", "--half2"], "--precision half2 (the one precision of the"),
        (["--compare", "fp32,fp16", "--bf16"], "--precision bf16 (the one precision of the"),
        (["--compare", "fp32,fp16", "--csv", "x.csv"], "--csv x.csv (the layers of one profile)"),
        (
            ["--compare", "fp32,fp16", "--group-by", "type"],
            "--group-by type (the rows of one profile)",
        ),
        (
            ["--compare", "fp32,fp16", "--save-engine", "x"],
            "--save-engine x (the plan of one engine)",
        ),
        (["--compare", "fp32,fp16", "--baseline", "auto"], "--baseline auto (what to compare one"),
        (
            ["--compare", "fp32,fp16", "--timing", "cupti"],
            "--timing cupti (how one engine is timed)",
        ),
        (["--compare", "fp32,fp16", "--stream"], "--stream (how the times of one engine are"),
        (["--compare", "fp32,fp16", "--keep-fp32", "nix"], "keep-fp32 'nix' matches no node"),
        (["--compare", "fp32,fp16", "--io-format", "x:chw2"], "--io-format x:chw2 (formats of an"),
        (["--compare", "fp32,fp16", "--top", "0"], "top is 0, must be 1 or more"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_makes_no_sense(
    run: Run,
    net: Path,
    options: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(net.parent)
    assert_refused(run("profile", net, *CPU, *options), words)
    assert list(net.parent.iterdir()) == [net]


def test_a_plan_and_a_precision_beside_a_comparison_are_refused(
    run: Run, net: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "net.plan"
    plan.write_bytes(b"ftrt" * 100)
    assert_refused(run("profile", plan, "--compare", "fp32,fp16"), "--compare needs the model")
    with pytest.raises(
        OptionError, match=r"precision='fp16' .* has no effect in a comparison of precisions"
    ):
        trtcore.compare_precisions(net, ["fp32", "fp16"], precision="fp16")


def test_a_model_of_16_bits_cannot_be_compared_with_fp32(run: Run, net: Path) -> None:
    from trtcore.models.load import load_model
    from trtcore.models.onnx.graph import save_onnx
    from trtcore.precision.convert.apply import apply_precision

    half = net.with_name("half.onnx")
    save_onnx(apply_precision(load_model(net), "fp16"), half)
    ran = run("profile", half, *CPU, "--compare", "fp32,fp16")
    assert_refused(ran, "half is already FP16 and cannot be converted to FP32")


def test_a_time_limit_holds_for_every_precision_on_the_cpu(
    run: Run, net: Path, tmp_path: Path
) -> None:
    options = ("--max-seconds", "0.2", "--iterations", "12")
    path = tmp_path / "both.json"
    ran = run("profile", net, *CPU, "--compare", "fp32,fp16", *options, "--save", path)
    assert ran.code == 0, ran.err
    for profile in trtcore.load_precisions(path).profiles:
        assert profile.method.fit_s == 0.2
        assert profile.counts.measured >= 12


def test_verbose_says_where_the_time_went(run: Run, tmp_path: Path) -> None:
    net = save(tmp_path / "net.onnx")
    ran = run("profile", net, "--compare", "fp32,fp16", *CPU, "--iterations", "3", "--verbose")
    assert ran.code == 0, ran.err
    total, *rows = ran.out.rpartition("\nWhere ")[2].splitlines()
    assert total.endswith(" s went:")
    assert [row[2:18].strip() for row in rows] == [
        "start",
        "load",
        "convert",
        "reference",
        "nodes on the CPU",
        "accuracy",
        "result",
        "report",
    ]


def test_a_saved_comparison_has_its_phases(run: Run, tmp_path: Path) -> None:
    net, saved = save(tmp_path / "net.onnx"), tmp_path / "saved.json"
    given = ("--compare", "fp32,fp16", *CPU, "--iterations", "3", "--save", saved, "--quiet")
    assert run("profile", net, *given).code == 0
    phases = {one.phase: one.seconds for one in trtcore.load_precisions(saved).phases}
    assert phases[Phase.NODES] > 0
    assert phases[Phase.REFERENCE] > 0


FAILURE = RunFailure(
    Phase.GATED, "cuStreamSynchronize failed: gone", 25, 700, "cudaErrorIllegalAddress", "logged"
)
SAID = (
    "the run failed in iteration 25 of the gated pass: cuStreamSynchronize failed: gone (CUDA "
    "error 700, cudaErrorIllegalAddress): logged; 30 of 30 profiled iterations were measured "
    "before it"
)


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["report", "quiet"])
def test_a_comparison_that_an_error_ended_is_saved_and_the_error_told_once(
    run: Run, net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: list[str]
) -> None:
    def fail(*arguments: Any, **options: Any) -> NoReturn:
        whole = compare_precisions(*arguments, **options)
        cut = [
            replace(one, counts=replace(one.counts, interrupted=True, failure=FAILURE))
            for one in whole.profiles
        ]
        comparison = replace(whole, profiles=tuple(cut))
        require_whole(comparison, *cut)
        raise AssertionError

    compare_precisions = trtcore.compare_precisions
    monkeypatch.setattr("trtcore.cli.commands.profile_precisions.compare_precisions", fail)
    path = tmp_path / "comparison.json"
    options = ("--compare", "fp32,fp16", "--iterations", "30", "--save", path, *quiet)
    ran = run("profile", net, *CPU, *options)
    assert ran.code == 1
    errors = [line for line in ran.err.splitlines() if "the run failed" in line]
    assert errors == [ran.err.splitlines()[-1]] == [f"trtcore: error: {SAID}"]
    assert (SAID in " ".join(ran.out.split())) is not bool(quiet)
    kept = trtcore.load_precisions(path)
    assert [profile.counts.failure for profile in kept.profiles] == [FAILURE] * 2
