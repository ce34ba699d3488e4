"""Loaded by the workers of a cluster on this machine when they start."""

from __future__ import annotations

import signal


def dask_setup(_worker: object) -> None:
    """Leaves Ctrl-C and SIGTERM, sent to every process of a job, to the sweep: it ends its workers.

    A worker that ended by itself would be replaced, and its cell measured again, meanwhile.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
