"""Calls in fresh interpreters: values, errors, crashes and Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fresh_calls
import pytest

from trtcore.errors import ModelError, RunError
from trtcore.measure.processes.fresh import call_in_fresh_processes


def test_each_call_has_an_interpreter_of_its_own() -> None:
    told = []
    values = call_in_fresh_processes(
        fresh_calls.own_id, [{"number": 7}, {"number": 8}], lambda *step: told.append(step)
    )
    assert [number for number, _ in values] == [7, 8]
    assert len({os.getpid(), *(process for _, process in values)}) == 3
    assert told == [("measuring, process 1 of 2", 0, 2), ("measuring, process 2 of 2", 1, 2)]


def test_an_error_is_raised_here_as_it_was_there() -> None:
    with pytest.raises(ModelError, match=r"^no such model: x\.onnx$"):
        call_in_fresh_processes(fresh_calls.refuse, [{"reason": "no such model: x.onnx"}])


def test_a_process_that_dies_is_an_error_with_its_last_words() -> None:
    expected = "a fresh process ended with exit code 3 and no result: the last words"
    with pytest.raises(RunError, match=f"^{re.escape(expected)}$"):
        call_in_fresh_processes(fresh_calls.die, [{"code": 3}])


def test_ctrl_c_keeps_what_was_measured() -> None:
    calls = [{"number": 0}, {"number": 1}, {"number": 2}]
    assert call_in_fresh_processes(fresh_calls.interrupted_unless_first, calls) == (0,)
    with pytest.raises(KeyboardInterrupt):
        call_in_fresh_processes(fresh_calls.interrupted_unless_first, calls[1:])


@pytest.mark.parametrize("when", ["between two calls", "while a process is started"])
def test_ctrl_c_before_a_call_is_waited_for_keeps_those_before_it(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [{"number": 0}, {"number": 0}]
    real, started = subprocess.Popen, []

    def interrupted(*words: object, **how: object) -> object:
        started.append(words)
        if len(started) == len(calls):
            raise KeyboardInterrupt
        return real(*words, **how)

    def progress(_: str, done: int, __: int) -> None:
        if done == 1 and when == "between two calls":
            raise KeyboardInterrupt

    if when == "while a process is started":
        monkeypatch.setattr(subprocess, "Popen", interrupted)
    values = call_in_fresh_processes(fresh_calls.interrupted_unless_first, calls, progress)
    assert values == (0,)


def test_a_failed_call_keeps_those_before_it_or_what_it_has_itself() -> None:
    calls = [{"number": 0}, {"number": 1, "left": "half"}, {"number": 0}]
    heard: list[RunError] = []
    kept = call_in_fresh_processes(fresh_calls.fail_unless_first, calls, None, heard.append)
    assert kept == (0,)
    kept = call_in_fresh_processes(fresh_calls.fail_unless_first, calls[1:], None, heard.append)
    assert kept == ("half",)
    assert [(str(error), error.result) for error in heard] == [("CUDA is gone", "half")] * 2
    # With nothing to keep, or nobody to tell, it is the error alone.
    for more in ((None, heard.append), ()):
        with pytest.raises(RunError, match="CUDA is gone"):
            call_in_fresh_processes(fresh_calls.fail_unless_first, [{"number": 1}], *more)
    assert len(heard) == 2


PROGRAM = """
import sys
import fresh_calls
from trtcore.cli.termination import terminable
from trtcore.measure.processes.fresh import call_in_fresh_processes
with terminable():
    calls = [{"sign": path} for path in sys.argv[1:]]
    print(call_in_fresh_processes(fresh_calls.until_interrupted, calls))
"""


@contextmanager
def measuring(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A program that measures in a fresh process, and the id of that."""
    sign = folder / "sign"
    command = [sys.executable, "-c", PROGRAM, str(sign), str(folder / "second")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        while not (sign.exists() and sign.read_text()):
            time.sleep(0.02)
        yield program, int(sign.read_text())
    finally:
        program.kill()
        program.wait()
        if program.stdout is not None:
            program.stdout.close()


def test_sigterm_ends_the_process_and_keeps_what_it_has_measured(tmp_path: Path) -> None:
    with measuring(tmp_path) as (program, child):
        program.terminate()
        out, _ = program.communicate()
    assert out == "('measured so far',)\n"
    assert not Path(f"/proc/{child}").exists()
    assert not (tmp_path / "second").exists()


def test_sigterm_to_every_process_of_a_job_is_the_same(tmp_path: Path) -> None:
    with measuring(tmp_path) as (program, child):
        os.kill(child, signal.SIGTERM)
        program.terminate()
        out, _ = program.communicate()
    assert out == "('measured so far',)\n"


def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    with measuring(tmp_path) as (program, child):
        program.kill()
        program.wait()
        while Path(f"/proc/{child}").exists():
            time.sleep(0.02)


def test_what_cannot_be_handed_over_is_named() -> None:
    with pytest.raises(RunError, match="cannot be handed to a fresh process"):
        call_in_fresh_processes(fresh_calls.own_id, [{"number": lambda: 1}])
