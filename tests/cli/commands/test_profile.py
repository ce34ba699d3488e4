"""The commands as a user runs them."""

from __future__ import annotations

import csv
import os
import pty
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from small_models import write_small
from terminals import read_until

import trtcore
from trtcore.cli.commands import profile
from trtcore.errors import RunError
from trtcore.result.saved import load_profile
from trtcore.system.device import gpu_problem

Run = Callable[..., Any]
FEW = ("--batch", "1", "--iterations", "2")
# A thousand iterations of both passes at the most: a minute on two cores, for a signal to end.
AS_MANY_AS_FIT = ("--max-seconds", "3600")
MOST = 1000
no_gpu = pytest.mark.skipif(gpu_problem() is None, reason="about machines without a GPU")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of the main job, saved by the command in a process of its own."""
    path = tmp_path_factory.mktemp("saved") / "result.json"
    command = [sys.executable, "-m", "trtcore.profile", "googlenet", "--fp16", *FEW]
    subprocess.run([*command, "--save", path, "--quiet"], check=True)
    return path


@no_gpu
def test_the_main_job_without_a_gpu_builds_and_profiles_every_node(saved: Path) -> None:
    profile = load_profile(saved)
    assert profile.backend == "onnxruntime"
    assert profile.samples.layer_ms.shape == (2, 142)
    assert {node.name for node in profile.model.nodes} == {
        n for x in profile.layers for n in x.nodes
    }
    assert profile.build is not None
    assert profile.build.plan_bytes > 10e6
    assert "no NVIDIA driver" in profile.warnings[0].note


def test_the_table_leads_back_to_the_model(run: Run, saved: Path) -> None:
    ran = run("inspect", saved)
    assert ran.code == 0
    assert "conv1/7x7_s2" in ran.out
    assert "Input data (1, 3, 224, 224)" in ran.out


@no_gpu
def test_the_reason_for_the_cpu_is_told_at_once(run: Run, small: Path) -> None:
    ran = run("profile", small, *FEW, "--top", "3", "--sort", "time")
    assert ran.code == 0
    assert ran.err.startswith("trtcore: no NVIDIA driver")
    assert ran.err.endswith(": timing the un-fused model on the CPU with ONNX Runtime\n")
    assert "Time over all layers" in ran.out


def test_verbose_says_where_the_time_went(run: Run, small: Path) -> None:
    ran = run("profile", small, *FEW, "--verbose")
    assert ran.code == 0, ran.err
    report, _, lines = ran.out.rpartition("\nWhere ")
    total, *rows = lines.splitlines()
    assert "Latency" in report
    assert total.endswith(" s went:")
    named = {row.split("  ")[1].strip(): float(row.split()[-3]) for row in rows}
    assert {"load", "nodes on the CPU", "report"} <= named.keys()
    assert sum(named.values()) == pytest.approx(float(total.split()[0]), abs=0.01)
    assert "Where " not in run("profile", small, *FEW).out.rpartition("Host")[2]


@pytest.mark.parametrize(
    ("options", "peak"),
    [
        ((), None),
        (("--cost",), "measure"),
        (("--html", "page.html"), "measure"),
        (("--cost", "--peak", "none"), "none"),
        (("--cost", "--peak", "fp32=1,bandwidth=2"), "fp32=1,bandwidth=2"),
        (("--findings", "--peak", "measure"), "measure"),
    ],
)
def test_what_shows_peaks_has_them_measured(
    run: Run,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    peak: str | None,
) -> None:
    asked: list[str | None] = []

    def profile_model(*_: object, **given: str | None) -> NoReturn:
        asked.append(given["peak"])
        raise RunError("enough")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(profile, "profile_model", profile_model)
    assert run("profile", small, *options).code == 1
    assert asked == [peak]


def test_quiet_prints_warnings_only(run: Run, small: Path, tmp_path: Path) -> None:
    ran = run("profile", small, *FEW, "--quiet", "--csv", tmp_path / "layers.csv")
    assert (ran.code, ran.out) == (0, "")
    assert all(line.startswith("trtcore: warning: ") for line in ran.err.splitlines())
    if gpu_problem() is not None:
        assert ran.err.startswith("trtcore: warning: timed on the CPU: no NVIDIA driver")
    with (tmp_path / "layers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(float(row["median_ms"]) >= 0 for row in rows)


def test_build_writes_a_plan_and_says_what_is_in_it(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    path = tmp_path / "googlenet.plan"
    ran = run("build", "googlenet", "--batch", "1", "--fp16", "-o", path, "--layers")
    assert ran.code == 0
    assert path.stat().st_size > 10e6
    assert "Input data (1, 3, 224, 224) Half linear" in ran.out
    assert "conv1/7x7_s2" in ran.out


def test_help_and_version(run: Run) -> None:
    for arguments in (
        ["--help"],
        ["profile", "--help"],
        ["build", "--help"],
        ["inspect", "--help"],
    ):
        ran = run(*arguments)
        assert ran.code == 0
        assert ran.out.startswith("usage: trtcore")
    assert run("--version").out == f"trtcore {trtcore.__version__}\n"


def test_help_answers_at_once() -> None:
    command = [sys.executable, "-m", "trtcore.profile", "--help"]
    bare = [sys.executable, "-c", "import argparse"]
    pairs = [(_cpu_seconds(command), _cpu_seconds(bare)) for _ in range(5)]
    ours, python = (min(times) for times in zip(*pairs, strict=True))
    # Loading NumPy or ONNX alone is more than that.
    assert ours < max(0.3, 4 * python)


def _cpu_seconds(command: list[str]) -> float:
    """What a command computes for; not how long it waits for a processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@no_gpu
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_terminal_sees_progress_and_a_signal_keeps_and_prints_what_was_measured(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    path, parent, child = tmp_path / "result.json", *pty.openpty()
    net = write_small(tmp_path / "large.onnx", side=1024)
    command = [sys.executable, "-m", "trtcore.profile", net, "--backend", "onnxruntime"]
    process = subprocess.Popen(
        [*command, *AS_MANY_AS_FIT, "--save", path],
        stdout=subprocess.PIPE,
        stderr=child,
    )
    os.close(child)
    # The progress bar tells when there is something to keep.
    shown = read_until(parent, b"timing layers")
    process.send_signal(number)
    out, _ = process.communicate()
    shown += read_until(parent, b"")
    assert process.returncode == code, shown
    assert b"Time over all layers" in out
    assert b"Traceback" not in shown
    profile = load_profile(path)
    assert profile.counts.interrupted
    assert 0 < profile.counts.measured < MOST


def test_a_closed_pipe_is_no_error_of_ours(small: Path) -> None:
    command = f"{sys.executable} -m trtcore.profile {small} {' '.join(FEW)} | head -1"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert "Traceback" not in ran.stderr
    assert "BrokenPipe" not in ran.stderr


@no_gpu
def test_what_means_nothing_without_a_gpu_is_said(run: Run, small: Path) -> None:
    ran = run("profile", small, *FEW, "--stream", "--precision-target", "0.01", "--quiet")
    assert ran.code == 0
    assert (
        "trtcore: warning: --precision-target (when the run of an engine ends) has no effect: "
        "the model ran on the CPU\n"
        "trtcore: warning: --stream (how the times of one engine are kept) has no effect: the "
        "model ran on the CPU\n"
    ) in ran.err


def test_a_time_limit_holds_on_the_cpu(run: Run, small: Path) -> None:
    ending = ("--max-seconds", "0.2")
    ran = run("profile", small, "--backend", "onnxruntime", *ending)
    assert ran.code == 0
    assert "as many iterations as fit 0.2 s, up to 1000" in " ".join(ran.out.split())


@no_gpu
def test_iterations_with_a_time_are_the_least_on_the_cpu_too(
    run: Run, small: Path, tmp_path: Path
) -> None:
    # Too short for a single one.
    ending = (
        "--max-seconds",
        "0.0000001",
        "--iterations",
        "12",
        "--save",
        tmp_path / "result.json",
    )
    ran = run("profile", small, "--backend", "onnxruntime", *ending)
    assert ran.code == 0
    text = " ".join(ran.out.split())
    assert "as many iterations as fit 1e-07 s, at least 12, up to 1000" in text
    assert load_profile(tmp_path / "result.json").counts.measured == 12
