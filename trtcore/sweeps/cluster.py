"""Runs cells on a Dask cluster: one on this machine, a running one, or one of SLURM jobs."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trtcore.errors import BackendError, RunError
from trtcore.sweeps.declarations import SweepOptions
from trtcore.sweeps.machine import Machine
from trtcore.sweeps.outcomes import Request
from trtcore.sweeps.store import Store

if TYPE_CHECKING:
    from distributed import Client

# The first worker of a batch system can wait long in its queue; of a running cluster it is there.
_WORKER_S = 60.0
_QUEUE_S = 24 * 3600.0
_CONNECT_S = "30s"


@dataclass
class Cluster:
    """A connected cluster.

    Attributes:
        client: of Dask.
        backend: that is asked for.
        wait_s: how long to wait for the first worker.
        folder: of the results, if every worker sees it, else ``""``.
        has_gpus: workers have the resource ``GPU``, which a cell then takes one of.
        hosts: by what it measures with, the hosts of such workers.
    """

    client: Client
    backend: str
    wait_s: float
    folder: str = ""
    hosts: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    has_gpus: bool = False

    def machines(self, store: Store) -> list[Machine]:
        """Asks every worker what it measures with, and whether it sees the folder.

        Raises:
            RunError: no worker came, or none can run cells.
        """
        from trtcore.sweeps.worker import look

        self._wait_for_workers()
        token = uuid.uuid4().hex
        sign = store.folder.absolute() / f".seen-by-workers-{token}"
        sign.write_text(token)
        try:
            told = self.client.run(look, self.backend, str(sign), token, on_error="return")
        finally:
            sign.unlink()
        found = {address: one for address, one in told.items() if isinstance(one, tuple)}
        if not found:
            raise RunError(f"no worker can run cells: {next(iter(told.values()), 'none is left')}")
        if all(sees for _, sees in found.values()):
            self.folder = str(store.folder.absolute())
        for address, (machine, _) in found.items():
            host = address.partition("://")[2].rpartition(":")[0]
            self.hosts.setdefault(machine.identity, set()).add(host)
        _check_hosts(self.hosts)
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        self.has_gpus = any("GPU" in worker["resources"] for worker in workers)
        return [machine for machine, _ in found.values()]

    def _wait_for_workers(self) -> None:
        try:
            self.client.wait_for_workers(1, timeout=self.wait_s)
        except TimeoutError:
            raise RunError(
                f"no worker within {self.wait_s:g} s: start some with 'dask worker ADDRESS "
                "--nthreads 1 --resources GPU=1'"
            ) from None

    def placement(self, request: Request) -> dict[str, Any]:
        """Where a cell may run, as ``Client.submit`` takes it."""
        where: dict[str, Any] = {}
        if self.has_gpus:
            where["resources"] = {"GPU": 1}
        # By host and not by address, which a replaced worker changes.
        if len(self.hosts) > 1:
            where["workers"] = sorted(self.hosts[request.machine.identity])
        return where


def _check_hosts(hosts: Mapping[tuple[str, str, str], set[str]]) -> None:
    """Raises RunError where a host has workers of two kinds, which Dask cannot tell apart."""
    every = [host for some in hosts.values() for host in some]
    for host in set(every):
        if every.count(host) > 1:
            kinds = [" with ".join(kind[1:]) for kind, some in hosts.items() if host in some]
            raise RunError(
                f"{host} has workers of several kinds ({'; '.join(kinds)}): run one sweep for each"
            )


@contextlib.contextmanager
def open_cluster(how: SweepOptions, backend: str) -> Iterator[Cluster]:
    """Connects with a running cluster, or starts one that ends with the block.

    Raises:
        BackendError: Dask is not installed.
        RunError: there is no such cluster.
    """
    try:
        from distributed import Client

        from trtcore.sweeps import start
    except ImportError as error:
        raise BackendError(
            f"a sweep on a cluster needs Dask ({error}): pip install 'trtcore[cluster]', or run "
            "it in parts without"
        ) from None
    with contextlib.ExitStack() as stack:
        if how.scheduler is not None:
            address: Any = how.scheduler
        elif how.slurm is not None:
            address = stack.enter_context(start.slurm_cluster(how.slurm))
        else:
            address = stack.enter_context(start.local_cluster(how.workers, backend))
        try:
            client = stack.enter_context(Client(address, timeout=_CONNECT_S, set_as_default=False))
        except (OSError, ValueError) as error:
            text = " ".join(str(error).split()) or type(error).__name__
            raise RunError(
                f"no Dask scheduler at {how.scheduler or 'this machine'}: {text}"
            ) from None
        yield Cluster(client, backend, _QUEUE_S if how.slurm is not None else _WORKER_S)
