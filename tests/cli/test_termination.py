"""SIGTERM ends every command as Ctrl-C does, with an exit code of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from trtcore.cli.termination import INTERRUPTED, TERMINATED, terminable
from trtcore.engine.tensorrt.interrupts import held_interrupts
from trtcore.result.saved import load_profile

Run = Callable[..., Any]


def terminate(*_: object) -> None:
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("command", "read"), [("report", "read_text"), ("inspect", "read_content")]
)
def test_a_command_says_that_it_was_terminated(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, read: str
) -> None:
    monkeypatch.setattr(f"trtcore.cli.commands.{command}.{read}", terminate)
    ran = run(command, tmp_path / "result.json")
    assert (ran.code, ran.out, ran.err) == (143, "", "trtcore: terminated\n")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_build_is_given_up_and_nothing_is_written(
    run: Run, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trtcore.engine.tensorrt.builder._request_formats", terminate)
    plan = tmp_path / "net.plan"
    ran = run("build", small, "-o", plan, "--batch", "1")
    assert ran.code == 143
    assert ran.err.endswith("trtcore: terminated\n")
    assert not list(tmp_path.glob("*.plan*"))


def test_only_an_interrupted_command_ends_by_the_signal() -> None:
    with terminable() as termination:
        assert termination.exit_code(INTERRUPTED) == INTERRUPTED
        with pytest.raises(KeyboardInterrupt):
            terminate()
        assert termination.exit_code(INTERRUPTED) == TERMINATED
        assert termination.exit_code(0) == 0


def test_a_handler_of_ones_own_stays() -> None:
    heard: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with terminable() as termination:
            terminate()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert (heard, termination.received) == ([signal.SIGTERM], False)


def test_a_thread_other_than_the_main_one_leaves_signals_alone() -> None:
    def command() -> None:
        with terminable(), held_interrupts():
            handlers.append(signal.getsignal(signal.SIGTERM))

    handlers: list[Any] = []
    thread = threading.Thread(target=command)
    thread.start()
    thread.join()
    assert handlers == [signal.SIG_DFL]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_tensorrt_works_waits_for_its_end(number: signal.Signals) -> None:
    steps = []
    with terminable() as termination:
        with pytest.raises(KeyboardInterrupt), held_interrupts() as held:  # noqa: PT012
            signal.raise_signal(number)
            steps.append(held.received)
        steps.append(termination.received)
    assert steps == [True, number == signal.SIGTERM]


def children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has ended
            found += map(int, path.read_text().split())
    return found


def measuring(pid: int) -> set[int]:
    """The processes of a program that measure for it."""
    found = set()
    for child in children(pid):
        with suppress(OSError):
            if b"processes.child" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.add(child)
    return found


@pytest.mark.slow
def test_the_finished_processes_of_a_call_are_kept_and_marked(small: Path, tmp_path: Path) -> None:
    saved = tmp_path / "result.json"
    command = [sys.executable, "-m", "trtcore", "profile", str(small), "--batch", "1", "--quiet"]
    command += ["--backend", "onnxruntime", "--iterations", "5", "--processes", "50"]
    with subprocess.Popen([*command, "--save", str(saved)], stderr=subprocess.PIPE) as program:
        seen: set[int] = set()
        # The second of them has begun, and the first one has ended.
        while len(seen) < 2 and program.poll() is None:
            seen |= measuring(program.pid)
            time.sleep(0.01)
        program.terminate()
        program.communicate()
    assert program.returncode == 143
    # One that was just being started ends with its parent, a moment later.
    while any(Path(f"/proc/{pid}").exists() for pid in seen):
        time.sleep(0.02)
    profile = load_profile(saved)
    assert profile.counts.interrupted
    assert profile.counts.measured == 5
