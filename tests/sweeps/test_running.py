"""Cells in processes of their own: real ones, and what a fault in one costs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sweep_cells import CPU, request_of

from trtcore.result.saved import parse_profile
from trtcore.sweeps.outcomes import State
from trtcore.sweeps.running import run_cell, stop_cells
from trtcore.system.lease import PROCESSOR, lease_file, try_lock

Fault = Callable[[str], str]


def paths_of(request) -> dict[str, str]:
    return {file.name: file.path for file in request.files.files}


def test_a_cell_gives_a_saved_result(net: Path) -> None:
    request = request_of(net, batch=2, iterations=3)
    outcome, content = run_cell(request, paths_of(request))
    assert (outcome.state, outcome.message) == (State.DONE, "")
    profile = parse_profile(content.decode())
    assert (profile.batch, profile.counts.measured, profile.model.source) == (2, 3, str(net))


@pytest.mark.slow
def test_an_error_is_its_message(net: Path) -> None:
    request = request_of(net, shapes={"z": [1, 3]})
    outcome, content = run_cell(request, paths_of(request))
    assert (outcome.state, content) == (State.FAILED, b"")
    assert "'z'" in outcome.message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "state", "text"),
    [
        ("crash", State.CRASHED, "its process was ended by SIGABRT"),
        (
            "killed",
            State.CRASHED,
            "its process was ended by SIGKILL, as Linux does when memory runs out",
        ),
        ("hang", State.TIMED_OUT, "ended after 4 s, the most that a cell may take"),
    ],
)
def test_a_fault_costs_its_cell_alone(
    net: Path, fault: Fault, name: str, state: State, text: str
) -> None:
    # Slower machines need longer to come to the fault; only the hang waits for the end.
    seconds = 4.0 if name == "hang" else 600.0
    request = request_of(net, seconds=seconds, plugins=[fault(name)])
    outcome, content = run_cell(request, paths_of(request))
    assert (outcome.state, outcome.message, content) == (state, text, b"")
    file = lease_file(PROCESSOR)
    assert try_lock(file)
    os.close(file)


@pytest.mark.slow
def test_a_cell_without_memory_is_recorded(net: Path, fault: Fault) -> None:
    request = request_of(net, seconds=600.0, plugins=[fault("full")])
    outcome, _ = run_cell(request, paths_of(request))
    assert outcome.state in (State.FAILED, State.CRASHED)
    assert outcome.message


@pytest.mark.slow
def test_a_crash_in_a_build_has_tensorrts_last_line(
    net: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_PRELOAD", fault("build"))
    request = request_of(net, seconds=600.0)
    outcome, _ = run_cell(request, paths_of(request))
    assert outcome.message == "its process was ended by SIGSEGV"
    # One of those that TensorRT writes while it parses and builds.
    assert outcome.last_line


@pytest.mark.slow
def test_stopping_ends_a_cell_that_hangs(
    net: Path, fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGN", str(tmp_path / "sign"))
    request = request_of(net, plugins=[fault("hang")])
    ended = []
    thread = threading.Thread(target=lambda: ended.append(run_cell(request, paths_of(request))))
    thread.start()
    while not (tmp_path / "sign").exists():
        time.sleep(0.05)
    stop_cells(request.sweep)
    thread.join()
    assert [outcome.state for outcome, _ in ended] == [State.STOPPED]


def test_a_stopped_sweep_starts_nothing_and_waits_for_no_lease(net: Path) -> None:
    request = request_of(net, batch=3)
    held = lease_file(PROCESSOR)
    assert try_lock(held)
    ended = []
    thread = threading.Thread(target=lambda: ended.append(run_cell(request, paths_of(request))))
    thread.start()
    time.sleep(0.05)
    assert ended == []
    stop_cells(request.sweep)
    thread.join()
    os.close(held)
    assert [outcome.state for outcome, _ in ended] == [State.STOPPED]


def test_a_quiet_build_takes_the_lease_itself() -> None:
    assert CPU._replace(backend="tensorrt_rtx", gpus=("GPU-1",)).builds_quietly
    assert not CPU.builds_quietly
    # TensorRT times tactics while it builds.
    assert not CPU._replace(backend="tensorrt", gpus=("GPU-1",)).builds_quietly
