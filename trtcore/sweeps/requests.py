"""From a plan to requests: each cell with its files, its machine and its key."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from trtcore.sweeps.cells import Cell
from trtcore.sweeps.files import Files
from trtcore.sweeps.machine import Machine
from trtcore.sweeps.outcomes import Request
from trtcore.sweeps.store import Record, Store, cell_key


def make_requests(
    cells: Iterable[tuple[Cell, Files]],
    machines: Iterable[Machine],
    seconds: float,
    folder: str = "",
) -> list[Request]:
    """Returns a request per cell and kind of machine; the first machine of a kind stands for it.

    Args:
        cells: with their files.
        machines: those that there are.
        seconds: the most a cell may take; 0 for no limit.
        folder: of the results, if workers see it.
    """
    kinds: dict[tuple[str, str, str], Machine] = {}
    for machine in machines:
        kinds.setdefault(machine.identity, machine)
    return list(_requests(cells, list(kinds.values()), seconds, folder))


def _requests(
    cells: Iterable[tuple[Cell, Files]], machines: list[Machine], seconds: float, folder: str = ""
) -> Iterator[Request]:
    sweep = uuid.uuid4().hex
    for cell, files in cells:
        for machine in machines:
            key = cell_key(files.digest, cell.options, machine.identity)
            yield Request(key, sweep, cell.model, files, cell.options, machine, seconds, folder)


def outstanding(requests: Iterable[Request], store: Store, *, retry: bool) -> list[Request]:
    """Returns the requests that have no result yet; of the failed ones those to try again."""
    return [one for one in requests if _is_outstanding(store.find(one.key), retry)]


def _is_outstanding(record: Record | None, retry: bool) -> bool:
    return record is None or (retry and not record.is_done)
