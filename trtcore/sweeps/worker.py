"""What a Dask worker does for a sweep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from trtcore.sweeps.copies import find_files, keep_files
from trtcore.sweeps.files import Files
from trtcore.sweeps.machine import Machine, this_machine
from trtcore.sweeps.outcomes import Outcome, Request, State
from trtcore.sweeps.running import run_cell
from trtcore.sweeps.store import Store


def look(backend: str, sign: str, token: str) -> tuple[Machine, bool]:
    """Returns what this worker measures with, and whether it sees a file of the client.

    Args:
        backend: that is asked for.
        sign: path of the file.
        token: its content, as another machine may have a file of that name.
    """
    try:
        sees = Path(sign).read_text() == token
    except OSError:
        sees = False
    return this_machine(backend), sees


def run_request(request: Request) -> Outcome:
    """Runs a cell, and writes its result where this worker sees the sweep's folder.

    Raises:
        WriteError: the result cannot be written.
    """
    address = _address()
    here = this_machine(str(request.options.get("backend", "auto")))
    if here.identity != request.machine.identity:
        text = f"this worker has {here.runtime} on {here.device}"
        return Outcome(request.key, State.ELSEWHERE, text, worker=address)
    paths = find_files(request.files, request.model)
    if paths is None:
        text = "the files of the model cannot be sent to this worker"
        return Outcome(request.key, State.ELSEWHERE, text, worker=address)
    # The GPUs of this worker: those of the request are of another one of the same kind.
    own = replace(request, machine=here)
    outcome, content = run_cell(own, paths)
    outcome = replace(outcome, worker=address)
    if outcome.state is State.STOPPED:
        return outcome
    # One that joined late may be of another machine, without the folder that the first ones saw.
    if not request.folder or not Path(request.folder).is_dir():
        return replace(outcome, content=content)
    Store(request.folder).keep(own, outcome, content)
    return replace(outcome, is_stored=True)


def keep_sent(files: Files, key: str, dask_worker: Any) -> None:
    """Keeps the files that the client has sent.

    Args:
        files: their names.
        key: Dask's, of their contents by name.
        dask_worker: this worker; Dask fills it in.
    """
    keep_files(files, dask_worker.data[key])


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)
