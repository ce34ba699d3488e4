"""Starts Dask clusters: one worker per GPU on this machine, or jobs of SLURM."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from distributed import Nanny, Scheduler, SpecCluster

from trtcore.errors import BackendError, OptionError, RunError, argument
from trtcore.sweeps.machine import this_machine

LOOPBACK = "127.0.0.1"
"""Whoever reaches a scheduler can run code on its workers: on one machine nobody else can."""


@contextlib.contextmanager
def local_cluster(workers: int | None, backend: str) -> Iterator[SpecCluster]:
    """A cluster of processes of this machine, which ends with the block.

    Args:
        workers: their number; default: one per GPU, one without a GPU.
        backend: that is asked for.
    """
    gpus = this_machine(backend).gpus
    count = len(gpus) or 1 if workers is None else workers
    # Dask tells of every worker that ends; the sweep tells of the cells.
    with SpecCluster(
        workers=worker_specs(count, gpus),
        scheduler={
            "cls": Scheduler,
            "options": {"host": LOOPBACK, "port": 0, "dashboard_address": f"{LOOPBACK}:0"},
        },
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster


def worker_specs(count: int, gpus: Sequence[str]) -> dict[int, dict[str, Any]]:
    """Returns what each worker is: it sees one GPU, and takes one cell at a time.

    More workers than GPUs share them in turn: builds run beside each other, and the lease keeps
    measurements apart.
    """
    return {i: {"cls": Nanny, "options": _options(i, gpus)} for i in range(count)}


def _options(index: int, gpus: Sequence[str]) -> dict[str, Any]:
    visible = {"CUDA_VISIBLE_DEVICES": gpus[index % len(gpus)]} if gpus else {}
    return {
        "nthreads": 1,
        "host": LOOPBACK,
        "resources": {"GPU": 1} if gpus else {},
        "env": visible,
        # The memory of a cell is that of its own process, which Dask does not count.
        "memory_limit": 0,
        "silence_logs": logging.CRITICAL,
        "dashboard": False,
        "preload": ["trtcore.sweeps.worker_start"],
    }


@contextlib.contextmanager
def slurm_cluster(given: Mapping[str, Any] | int) -> Iterator[Any]:
    """A cluster of SLURM jobs with one GPU each, which end with the block.

    Args:
        given: the number of jobs, or arguments of ``SLURMCluster`` and their number as ``jobs``.
            What is not given is that of ``~/.config/dask/jobqueue.yaml``.

    Raises:
        BackendError: dask-jobqueue is not installed.
        RunError: SLURM does not take the jobs.
    """
    made = _slurm_class()
    try:
        with made(**slurm_arguments(given)) as cluster:
            cluster.scale(jobs=_jobs(given))
            yield cluster
    except (OSError, TypeError, ValueError) as error:
        raise RunError(f"SLURM does not take the jobs: {' '.join(str(error).split())}") from None


def _slurm_class() -> Any:
    """Imports ``SLURMCluster``, and undoes what that import does to the whole process.

    Raises:
        BackendError: dask-jobqueue is not installed.
    """
    # dask-jobqueue 0.9 makes Ctrl-C end the process with exit code 0 when it is imported.
    handler = signal.getsignal(signal.SIGINT)
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise BackendError(
            f"SLURM needs dask-jobqueue ({error}): pip install 'trtcore[cluster]'"
        ) from None
    except ValueError:  # signals can be handled in the main thread only
        raise RunError("start a sweep on SLURM from the main thread of the program") from None
    finally:
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)
    return SLURMCluster


def slurm_arguments(given: Mapping[str, Any] | int) -> dict[str, Any]:
    """Returns the arguments of ``SLURMCluster``: one worker with one GPU in a job."""
    own = {} if isinstance(given, int) else {n: v for n, v in given.items() if n != "jobs"}
    directives = own.pop("job_extra_directives", ["--gres=gpu:1"])
    return {
        "cores": 1,
        "processes": 1,
        "memory": "16 GB",
        "worker_extra_args": ["--resources", "GPU=1"],
        **own,
        "job_extra_directives": list(directives),
    }


def _jobs(given: Mapping[str, Any] | int) -> int:
    jobs = given if isinstance(given, int) else given.get("jobs", 1)
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise OptionError(f"{argument('slurm')}: {jobs!r} jobs, expected 1 or more")
    return jobs
