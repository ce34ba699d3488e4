"""Sweeps on a Dask cluster that another process runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sweep_cells import write_net
from sweep_processes import (
    QUICK,
    states,
    wait_for,
)

from trtcore.errors import RunError
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


SCHEDULER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    place = {"host": "127.0.0.1", "dashboard_address": None}
    with LocalCluster(n_workers=int(sys.argv[1]), threads_per_worker=1, **place) as c:
        print(c.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextmanager
def other_cluster(
    folder: Path, *, workers: int = 2, is_killed: bool = False, **environment: str
) -> Iterator[str]:
    """A cluster of another process, which has a folder and a cache of its own.

    Args:
        folder: its own.
        workers: how many it has.
        is_killed: at the end, all of its processes at once; else it is closed.
        **environment: of its processes.
    """
    folder.mkdir()
    script = folder / "cluster.py"
    script.write_text(SCHEDULER)
    command = [sys.executable, str(script), str(workers)]
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
    sweep(model, tmp_path / "results", batch=[1, 2, 3, 4], **QUICK, scheduler=shared_cluster)
    assert states(tmp_path / "results") == ["done"] * 4
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


def test_a_scheduler_that_goes_away(net: Path, tmp_path: Path, fault: Callable[[str], str]) -> None:
    sign = tmp_path / "sign"
    # One worker, which takes the cells in turn: of two, the one that hangs may take the lease
    # first, and the other one waits for it.
    killed = {"workers": 1, "is_killed": True, "SIGN": str(sign)}
    with other_cluster(tmp_path / "cluster", **killed) as address:
        plan: dict[str, Any] = {"plugins": [[], [fault("hang")]], "iterations": 2}
        ended: list[BaseException] = []

        def run() -> None:
            try:
                sweep(net, tmp_path / "out", scheduler=address, **plan)
            except RunError as error:
                ended.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        # A sweep that has ended by itself is no sweep to wait for.
        wait_for(lambda: (sign.exists() and states(tmp_path / "out")) or not thread.is_alive())
    # It tries to connect again for half a minute.
    thread.join()
    assert [str(error).partition(";")[0] for error in ended] == [
        "the connection to the Dask scheduler is lost"
    ]
    assert states(tmp_path / "out") == ["done"]


def test_no_scheduler_there(net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trtcore.sweeps.cluster._CONNECT_S", "1s")
    with pytest.raises(RunError, match=r"no Dask scheduler at tcp://127.0.0.1:1: "):
        sweep(net, tmp_path, scheduler="tcp://127.0.0.1:1")
