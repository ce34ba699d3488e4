"""Hands cells out to the workers of a cluster, and stores how they ended."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trtcore.errors import RunError, WriteError
from trtcore.sweeps.cluster import Cluster
from trtcore.sweeps.files import Files
from trtcore.sweeps.outcomes import Outcome, Request, State
from trtcore.sweeps.sequence import Told
from trtcore.sweeps.store import Store

if TYPE_CHECKING:
    from distributed import Client, Future

# A worker without the files of a cell is sent them once; if that does not help something is wrong
# there, such as a cache that cannot be written.
_MOST_DELIVERIES = 3


def run_on_cluster(cluster: Cluster, requests: Sequence[Request], store: Store, told: Told) -> None:
    """Runs every cell and stores how it ended; running cells are ended by any exception.

    Raises:
        WriteError: a result cannot be written, such as on a full disk; those before are kept.
    """
    if not requests:
        return
    try:
        _Runs(cluster, store, told).run(requests)
    except BaseException:
        _stop(cluster, requests[0].sweep)
        raise


def _stop(cluster: Cluster, sweep: str) -> None:
    """Ends the cells that run, so that no worker of a shared cluster measures for nobody."""
    from trtcore.sweeps.running import stop_cells

    # What ends the sweep is told, not that the cluster is gone too.
    with contextlib.suppress(Exception):
        cluster.client.run(stop_cells, sweep, on_error="ignore")


class _Runs:
    """The cells that are on their way."""

    def __init__(self, cluster: Cluster, store: Store, told: Told) -> None:
        self._cluster, self._store, self._told = cluster, store, told
        self._waiting: dict[str, tuple[Request, Future]] = {}
        self._deliveries: dict[str, int] = {}
        # Why files could not be sent, the last time.
        self._problem = ""

    def run(self, requests: Sequence[Request]) -> None:
        """Runs every cell."""
        from distributed import as_completed

        futures = [self._submit(one) for one in requests]
        ended = as_completed(futures, loop=self._cluster.client.loop)
        # A future is released as soon as its cell is stored, and so is what it holds.
        futures.clear()
        for future in ended:
            request, _ = self._waiting.pop(future.key)
            outcome = self._outcome(request, future)
            if outcome.state is State.ELSEWHERE and self._deliver(request, outcome):
                ended.add(self._submit(request))
            else:
                self._keep(request, outcome)
            future.release()

    def _submit(self, request: Request) -> Future:
        from trtcore.sweeps.worker import run_request

        placement = self._cluster.placement(request)
        key = f"trtcore-cell-{request.key}-{uuid.uuid4().hex}"
        future = self._cluster.client.submit(run_request, request, key=key, pure=False, **placement)
        self._waiting[key] = (request, future)
        return future

    def _outcome(self, request: Request, future: Future) -> Outcome:
        """How a cell ended; fetched from its worker, not through the scheduler."""
        if future.status == "finished":
            outcome: Outcome = self._cluster.client.gather(future, direct=not request.folder)
            return outcome
        if future.status == "cancelled":
            raise RunError(
                "the connection to the Dask scheduler is lost; what is done is kept: run the "
                "same again to go on"
            )
        error = future.exception()
        if isinstance(error, WriteError):
            raise error
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return Outcome(request.key, State.CRASHED, f"no worker could run it: {text}")

    def _deliver(self, request: Request, outcome: Outcome) -> bool:
        """Sends the files of a cell to the worker that lacks them; False if that is no use."""
        name = f"{outcome.worker} {request.files.digest}"
        self._deliveries[name] = self._deliveries.get(name, 0) + 1
        if self._deliveries[name] > _MOST_DELIVERIES:
            return False
        try:
            send_files(self._cluster.client, request.files, outcome.worker)
        # A worker that dies meanwhile, in whatever way Dask tells it, is no end of the sweep: the
        # cell goes to another one.
        except Exception as error:
            self._problem = f": {type(error).__name__}: {' '.join(str(error).split())}"
        return True

    def _keep(self, request: Request, outcome: Outcome) -> None:
        if outcome.state is State.ELSEWHERE:
            message = f"{outcome.message}{self._problem}"
            outcome = replace(outcome, state=State.FAILED, message=message)
        if not outcome.is_stored:
            self._store.keep(request, outcome, outcome.content)
        self._told(request, outcome)


def send_files(client: Client, files: Files, worker: str) -> None:
    """Sends the files of a cell to a worker's machine, straight to it, once."""
    from trtcore.sweeps.worker import keep_sent

    contents = {file.name: Path(file.path).read_bytes() for file in files.files}
    # Scattered and not an argument, which would go through the scheduler.
    (sent,) = client.scatter([contents], workers=[worker], direct=True, hash=False)
    # Not as a task, which would wait for the cell that the worker has begun meanwhile.
    client.run(keep_sent, files, sent.key, workers=[worker])
