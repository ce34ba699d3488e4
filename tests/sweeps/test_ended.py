"""Sweeps that end: workers and sweeps that are killed, Ctrl-C and SIGTERM."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sweep_processes import (
    COMMAND,
    cells_of,
    command_of,
    descendants,
    parent_of,
    program,
    states,
    wait_for,
)

distributed = pytest.importorskip(
    "distributed", reason="needs Dask: pip install 'trtcore[cluster]'"
)
pytestmark = [
    pytest.mark.slow,
    # Dask leaves some of its own behind when a worker is killed.
    pytest.mark.filterwarnings("default"),
]


def test_a_killed_worker_is_replaced_and_its_cell_runs_again(
    net: Path, tmp_path: Path, fault: Callable[[str], str]
) -> None:
    sign, go_on, folder = tmp_path / "sign", tmp_path / "go on", tmp_path / "results"
    options = ["--plugins", fault("wait"), "--iterations", "2", "--workers", "1", "--quiet"]
    signs = {"SIGN": str(sign), "GO_ON": str(go_on)}
    with program(COMMAND, "sweep", net, "-o", folder, "--batch", "1", *options, **signs) as process:
        wait_for(sign.exists)
        (cell,) = cells_of(process.pid)
        worker = parent_of(cell)
        os.kill(worker, signal.SIGKILL)
        # The cell ends with its worker, and runs to its end in another one: it is refused there.
        wait_for(lambda: not command_of(cell))
        (other,) = wait_for(lambda: cells_of(process.pid))
        assert parent_of(other) != worker
        go_on.touch()
        assert process.wait() == 1
    assert states(folder) == ["failed"]


def plan_that_hangs(folder: Path, net: Path, library: str) -> Path:
    """A plan of a cell that is done at once, and one that loads a library."""
    path = folder / "plan.toml"
    path.write_text(
        f'models = ["{net}"]\noutput = "results"\niterations = 2\nworkers = 1\n'
        f'plugins = [[], ["{library}"]]\n'
    )
    return path


def test_a_killed_sweep_leaves_no_process_and_goes_on(
    net: Path, tmp_path: Path, fault: Callable[[str], str]
) -> None:
    sign, folder = tmp_path / "sign", tmp_path / "results"
    plan = plan_that_hangs(tmp_path, net, fault("hang_once"))
    with program(COMMAND, "sweep", plan, "--quiet", SIGN=str(sign)) as process:
        wait_for(sign.exists)
        every = descendants(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: not [pid for pid in every if "trtcore.sweeps" in command_of(pid)])
    assert states(folder) == ["done"]
    with program(COMMAND, "sweep", plan, "--quiet", SIGN=str(sign)) as process:
        assert process.wait() == 1
    # The one that hung has run to its end now.
    assert states(folder) == ["done", "failed"]


@pytest.mark.parametrize(
    ("number", "to", "code", "options"),
    [
        # As a terminal does: to all processes of the group.
        (signal.SIGINT, "group", 130, ()),
        (signal.SIGTERM, "sweep", 143, ("--shard", "1/1")),
        # As a batch system does that ends a job: the processes in any order.
        (signal.SIGTERM, "every process", 143, ()),
    ],
    ids=["Ctrl-C", "SIGTERM to the sweep", "SIGTERM to every process"],
)
def test_a_sweep_that_is_ended_keeps_what_is_done(
    net: Path,
    tmp_path: Path,
    fault: Callable[[str], str],
    number: signal.Signals,
    to: str,
    code: int,
    options: tuple[str, ...],
) -> None:
    sign, folder = tmp_path / "sign", tmp_path / "results"
    plan = plan_that_hangs(tmp_path, net, fault("hang"))
    if options:
        plan.write_text(plan.read_text().replace("workers = 1\n", ""))
    with program(COMMAND, "sweep", plan, *options, SIGN=str(sign)) as process:
        wait_for(sign.exists)
        every = descendants(process.pid)
        if to == "group":
            os.killpg(process.pid, number)
        else:
            for pid in (*(every if to == "every process" else ()), process.pid):
                with suppress(ProcessLookupError):  # it has ended with the one before it
                    os.kill(pid, number)
        out, _ = process.communicate()
        assert process.returncode == code
        # A cell that was told to end with its worker may do so a moment after it.
        wait_for(lambda: not [pid for pid in every if "trtcore.sweeps" in command_of(pid)])
    # The cell that was running is not taken for one that crashed.
    assert states(folder) == ["done"]
    assert "trtcore: interrupted: what is done is kept" in out
    assert "Traceback" not in out
