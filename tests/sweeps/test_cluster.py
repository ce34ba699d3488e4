"""Sweeps on Dask: going on, cells that fail, full disks, shards, many cells."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sweep_processes import (
    COMMAND,
    QUICK,
    program,
    states,
)
from sweeps_on_dask import ON_DASK

from trtcore.errors import OptionError, WriteError
from trtcore.sweeps.sweep import sweep

pytestmark = ON_DASK


def test_two_workers_and_going_on(net: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    table = sweep(net, tmp_path, batch=[1, 2, 3], iterations=2, workers=2)
    assert states(tmp_path) == ["done"] * 3
    (one,) = table.models
    assert sorted(row.batch for row in one.rows) == [1, 2, 3]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    sweep(
        net,
        tmp_path,
        batch=[1, 2, 3, 4],
        iterations=2,
        workers=2,
        progress=lambda *told: seen.append(told),
    )
    assert seen == [("measuring cells", 0, 1), ("measuring cells", 1, 1)]
    assert states(tmp_path) == ["done"] * 4
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_cells_that_fail_are_recorded_and_tried_again_if_asked(
    net: Path, tmp_path: Path, fault: Callable[[str], str]
) -> None:
    told: list[str] = []
    plan: dict[str, Any] = {"plugins": [[fault("crash")], []], "iterations": 2, "workers": 2}
    (one,) = sweep(net, tmp_path, notify=told.append, **plan).models
    assert (len(one.rows), [record.state.value for record in one.failed]) == (1, ["crashed"])
    assert re.search(r"crashed: its process was ended by SIGABRT", told[0])
    seen: list[int] = []
    sweep(net, tmp_path, progress=lambda _, done, count: seen.append(count), **plan)
    sweep(net, tmp_path, progress=lambda _, done, count: seen.append(count), retry=True, **plan)
    assert seen == [0, 1, 1]


def test_a_full_disk_ends_the_sweep_and_keeps_what_is_done(
    net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(net, tmp_path, batch=1, **QUICK, shard="1/1")

    def full(*_: object) -> None:
        raise WriteError("results: cannot be written (No space left on device)")

    monkeypatch.setattr("trtcore.sweeps.store.write_file", full)
    with pytest.raises(WriteError, match="No space left on device"):
        sweep(net, tmp_path, batch=[1, 2, 3], **QUICK, shard="1/1")
    monkeypatch.undo()
    assert states(tmp_path) == ["done"]


def test_a_worker_whose_disk_is_full_ends_the_sweep_in_one_line(
    net: Path, tmp_path: Path, fault: Callable[[str], str]
) -> None:
    folder = tmp_path / "results"
    command = ("sweep", net, "-o", folder, "--backend", "onnxruntime", "--quiet")
    preloaded = {"LD_PRELOAD": fault("disk"), "FULL": str(folder)}
    with program(COMMAND, *command, **preloaded) as process:
        out, _ = process.communicate()
    assert process.returncode == 1
    assert re.fullmatch(
        rf"trtcore: error: {folder}/[0-9a-f]{{16}}\.json: cannot be written "
        r"\(No space left on device\)\n",
        out,
    )
    assert list(folder.iterdir()) == []


def test_where_a_sweep_runs_is_said_once(net: Path, tmp_path: Path) -> None:
    with pytest.raises(
        OptionError, match="scheduler='tcp://a:1' and shard='1/2' contradict each other"
    ):
        sweep(net, tmp_path, scheduler="tcp://a:1", shard="1/2")


def test_a_part_of_a_sweep_and_the_rest(net: Path, tmp_path: Path) -> None:
    for shard in ("1/2", "2/2"):
        sweep(net, tmp_path, batch=[1, 2, 3], **QUICK, shard=shard)
        expected = {"1/2": 2, "2/2": 3}[shard]
        assert states(tmp_path) == ["done"] * expected


@pytest.mark.soak
def test_many_cells_cost_little_and_grow_nothing(net: Path, tmp_path: Path) -> None:
    """The process of the sweep, which holds Dask's scheduler, over 200 or TRTCORE_SOAK_CELLS."""
    cells = int(os.environ.get("TRTCORE_SOAK_CELLS", "200"))
    memory: list[int] = []
    cpu: list[float] = []

    def look(_: str, done: int, count: int) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        memory.append(pages * os.sysconf("SC_PAGE_SIZE"))
        cpu.append(time.process_time())
        if done % 50 == 0:
            grown = (memory[-1] - memory[min(20, done)]) / 2**20
            print(
                f"{done} of {count} cells: {memory[-1] / 2**20:.1f} MiB, {grown:+.2f}", flush=True
            )

    begun = time.perf_counter()
    sweep(net, tmp_path, seed=list(range(cells)), iterations=1, workers=2, progress=look)
    seconds = time.perf_counter() - begun
    grown, each = (memory[-1] - memory[20]) / 2**20, (cpu[-1] - cpu[0]) / cells
    print(f"{cells} cells in {seconds:.0f} s: {grown:+.2f} MiB, {1000 * each:.1f} ms a cell")
    assert states(tmp_path) == ["done"] * cells
    # Of a cell of 10 s, 5 % are 0.5 s: of the client's and scheduler's processor time.
    assert each <= 0.5
    # What is kept of a cell is less than its saved result, of which 180 are 10 MB and more.
    assert grown < 10
