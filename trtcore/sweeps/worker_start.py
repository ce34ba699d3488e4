"""Loaded by the workers of a cluster on this machine when they start."""

from __future__ import annotations

import signal


def dask_setup(_worker: object) -> None:
    """Leaves Ctrl-C, which a terminal sends to every process, to the sweep: it ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
