"""Sweeps on Dask: workers and sweeps that are killed, other schedulers, Ctrl-C, many cells."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sweep_cells import write_net

from trtcore.errors import OptionError, RunError, WriteError
from trtcore.sweeps.store import Store
from trtcore.sweeps.sweep import sweep

distributed = pytest.importorskip(
    "distributed", reason="needs Dask: pip install 'trtcore[cluster]'"
)
pytestmark = [
    pytest.mark.slow,
    # Dask leaves some of its own behind when a worker is killed.
    pytest.mark.filterwarnings("default"),
]


QUICK: dict[str, Any] = {"iterations": 2, "backend": "onnxruntime"}
"""A cell of a second: no TensorRT is loaded. Its plugins are what hangs and crashes elsewhere."""


def states(folder: Path) -> list[str]:
    return sorted(record.state.value for record in Store(folder).records())


def wait_for(condition: Callable[[], Any]) -> Any:
    """Waits for a sign, as long as it takes: the run of all tests has a limit."""
    while not (found := condition()):
        time.sleep(0.05)
    return found


def test_two_workers_and_going_on(net: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    table = sweep(net, tmp_path, batch=[1, 2, 3], **QUICK, workers=2)
    assert states(tmp_path) == ["done"] * 3
    (one,) = table.models
    assert sorted(row.batch for row in one.rows) == [1, 2, 3]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    sweep(
        net,
        tmp_path,
        batch=[1, 2, 3, 4],
        **QUICK,
        workers=2,
        progress=lambda *told: seen.append(told),
    )
    assert seen == [("measuring cells", 0, 1), ("measuring cells", 1, 1)]
    assert states(tmp_path) == ["done"] * 4
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_cells_that_fail_are_recorded_and_tried_again_if_asked(
    net: Path, tmp_path: Path, fault: Callable[[str], str], shared_cluster: str
) -> None:
    told: list[str] = []
    plan: dict[str, Any] = {"plugins": [[fault("crash")], []], "iterations": 2}
    plan["scheduler"] = shared_cluster
    (one,) = sweep(net, tmp_path, notify=told.append, **plan).models
    assert (len(one.rows), [record.state.value for record in one.failed]) == (1, ["crashed"])
    assert re.search(r"crashed: its process was ended by SIGABRT", told[0])
    seen: list[int] = []
    sweep(net, tmp_path, progress=lambda _, done, count: seen.append(count), **plan)
    sweep(net, tmp_path, progress=lambda _, done, count: seen.append(count), retry=True, **plan)
    assert seen == [0, 1, 1]


@contextmanager
def program(code: str, *arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program in a session of its own, all of which ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        with_children = {process.pid, *descendants(process.pid)}
        for pid in with_children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def cells_of(pid: int) -> list[int]:
    return [one for one in descendants(pid) if "trtcore.sweeps.cell_process" in command_of(one)]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


COMMAND = "import sys; from trtcore.cli import main; sys.exit(main(sys.argv[1:]))"


def test_a_killed_worker_is_replaced_and_its_cell_runs_again(
    net: Path, tmp_path: Path, fault: Callable[[str], str]
) -> None:
    sign, folder = tmp_path / "sign", tmp_path / "results"
    options = ["--plugins", fault("hang_once"), "--iterations", "2", "--workers", "1", "--quiet"]
    with program(
        COMMAND, "sweep", net, "-o", folder, "--batch", "1", *options, SIGN=str(sign)
    ) as process:
        wait_for(sign.exists)
        (cell,) = cells_of(process.pid)
        worker = parent_of(cell)
        os.kill(worker, signal.SIGKILL)
        # The cell ends with its worker, and runs to its end in another one: it is refused there.
        wait_for(lambda: not command_of(cell))
        (other,) = wait_for(lambda: cells_of(process.pid))
        assert parent_of(other) != worker
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
                os.kill(pid, number)
        out, _ = process.communicate()
        assert process.returncode == code
        assert not [pid for pid in every if "trtcore.sweeps" in command_of(pid)]
    # The cell that was running is not taken for one that crashed.
    assert states(folder) == ["done"]
    assert "trtcore: interrupted: what is done is kept" in out
    assert "Traceback" not in out


SCHEDULER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    place = {"host": "127.0.0.1", "dashboard_address": None}
    with LocalCluster(n_workers=2, threads_per_worker=1, **place) as c:
        print(c.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextmanager
def other_cluster(folder: Path, *, is_killed: bool = False, **environment: str) -> Iterator[str]:
    """A cluster of another process, which has a folder and a cache of its own.

    Args:
        folder: its own.
        is_killed: at the end, all of its processes at once; else it is closed.
        **environment: of its processes.
    """
    folder.mkdir()
    script = folder / "cluster.py"
    script.write_text(SCHEDULER)
    command = [sys.executable, str(script)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
        start_new_session=True,
        env={**os.environ, "TRTCORE_CACHE_DIR": str(folder / "cache"), **environment},
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            if is_killed:
                os.killpg(process.pid, signal.SIGKILL)
            process.stdin.close()


@pytest.fixture(scope="module")
def cluster_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared") / "cluster"


@pytest.fixture(scope="module")
def shared_cluster(cluster_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster for all tests that leave it as it is."""
    leases = str(tmp_path_factory.getbasetemp() / "leases")
    with other_cluster(cluster_folder, TRTCORE_LEASE_DIR=leases) as address:
        yield address


def test_another_scheduler_that_sees_the_folder(
    net: Path, tmp_path: Path, shared_cluster: str, cluster_folder: Path
) -> None:
    sweep(net, tmp_path / "results", batch=[1, 2], **QUICK, scheduler=shared_cluster)
    assert states(tmp_path / "results") == ["done", "done"]
    # The model lies where the workers see it: nothing was sent.
    assert not list(cluster_folder.rglob("net.onnx"))


def test_another_scheduler_that_sees_no_file_of_ours(
    tmp_path: Path, shared_cluster: str, cluster_folder: Path
) -> None:
    model = write_net(tmp_path / "net.onnx", external=True)
    blind(shared_cluster, tmp_path)
    sweep(model, tmp_path / "results", batch=[1, 2, 3], **QUICK, scheduler=shared_cluster)
    assert states(tmp_path / "results") == ["done"] * 3
    # Sent once, by content: both workers are of one machine and share its cache.
    copies = list((cluster_folder / "cache").rglob("net.bin"))
    assert [path.read_bytes() for path in copies] == [(tmp_path / "net.bin").read_bytes()]
    for record in Store(tmp_path / "results").records():
        saved = json.loads(Store(tmp_path / "results").result_path(record.key).read_text())
        assert saved["model"]["source"] == str(model)


def hide(folder: str) -> None:
    """Makes a worker blind for a folder, as one of another machine is."""
    import builtins

    real_open, real_isfile = builtins.open, os.path.isfile

    def is_hidden(path: object) -> bool:
        text = str(path)
        return text.startswith(folder) and "/cluster/" not in text

    def blind_open(path: Any, *given: Any, **named: Any) -> Any:
        if is_hidden(path):
            raise FileNotFoundError(2, "hidden", str(path))
        return real_open(path, *given, **named)

    builtins.open = blind_open
    import io

    io.open = blind_open
    os.path.isfile = lambda path: not is_hidden(path) and real_isfile(path)


def blind(address: str, folder: Path) -> None:
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with distributed.Client(address) as client:
        client.run(hide, str(folder))


def test_a_scheduler_that_goes_away(
    net: Path, tmp_path: Path, fault: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trtcore.sweeps.cluster._CONNECT_S", "3s")
    sign = tmp_path / "sign"
    with other_cluster(tmp_path / "cluster", is_killed=True, SIGN=str(sign)) as address:
        plan: dict[str, Any] = {"plugins": [[], [fault("hang")]], "iterations": 2}
        ended: list[BaseException] = []

        def run() -> None:
            try:
                sweep(net, tmp_path / "out", scheduler=address, cell_seconds=30, **plan)
            except RunError as error:
                ended.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        wait_for(lambda: sign.exists() and states(tmp_path / "out"))
    thread.join()
    assert [str(error).partition(";")[0] for error in ended] == [
        "the connection to the Dask scheduler is lost"
    ]
    assert "done" in states(tmp_path / "out")


def test_no_scheduler_there(net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trtcore.sweeps.cluster._CONNECT_S", "1s")
    with pytest.raises(RunError, match=r"no Dask scheduler at tcp://127.0.0.1:1: "):
        sweep(net, tmp_path, scheduler="tcp://127.0.0.1:1")


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
        sweep(net, tmp_path, batch=[1, 2], **QUICK, shard=shard)
        expected = {"1/2": 1, "2/2": 2}[shard]
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
    options = {**QUICK, "iterations": 1, "workers": 2, "progress": look}
    sweep(net, tmp_path, seed=list(range(cells)), **options)
    seconds = time.perf_counter() - begun
    grown, each = (memory[-1] - memory[20]) / 2**20, (cpu[-1] - cpu[0]) / cells
    print(f"{cells} cells in {seconds:.0f} s: {grown:+.2f} MiB, {1000 * each:.1f} ms a cell")
    assert states(tmp_path) == ["done"] * cells
    # Of a cell of 10 s, 5 % are 0.5 s: of the client's and scheduler's processor time.
    assert each <= 0.5
    # What is kept of a cell is less than its saved result, of which 180 are 10 MB and more.
    assert grown < 10
