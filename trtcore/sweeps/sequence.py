"""Runs cells one after the other in this process: for one machine, or a part of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trtcore.sweeps.copies import find_files
from trtcore.sweeps.outcomes import Outcome, Request
from trtcore.sweeps.running import run_cell
from trtcore.sweeps.store import Store

Told = Callable[[Request, Outcome], None]
"""Called when a cell has ended and is stored."""


def run_in_sequence(requests: Sequence[Request], store: Store, told: Told) -> None:
    """Runs every cell and stores how it ended.

    Raises:
        WriteError: a result cannot be written, such as on a full disk; those before are kept.
    """
    for request in requests:
        outcome, content = run_cell(request, find_files(request.files, request.model) or {})
        store.keep(request, outcome, content)
        told(request, outcome)
