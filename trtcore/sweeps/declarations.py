"""The options of a sweep itself, beside those of what it measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trtcore.api.options.declaring import Declared, Option, Use, option
from trtcore.api.options.value_types import FLAG, NAME, NUMBER, WHOLE, ValueType
from trtcore.errors import OptionError, argument
from trtcore.system.quotations import quoted
from trtcore.system.whole_numbers import whole_number

SWEEP = "sweep"
"""The kind of request."""

_WHERE = Use((SWEEP,), "where cells run")
_CELLS = Use((SWEEP,), "cells")


def _is_slurm(value: Any) -> bool:
    return WHOLE.accepts(value) or isinstance(value, Mapping)


class SweepOptions(Declared):
    """How to run the cells of a sweep.

    Raises:
        OptionError: a value of another type, or one that makes no sense.
    """

    scheduler: str | None = option(
        default=None,
        type=NAME,
        about="a running Dask cluster",
        help="use a running Dask cluster: tcp://HOST:8786",
        metavar="ADDRESS",
        use=_WHERE,
    )
    slurm: Mapping[str, Any] | int | None = option(
        default=None,
        type=ValueType("a number of jobs, or arguments of SLURMCluster", _is_slurm),
        about="jobs of a SLURM cluster",
        help="start N SLURM jobs of one GPU each; ~/.config/dask/jobqueue.yaml has the partition",
        metavar="N",
        use=_WHERE,
    )
    """Or arguments of ``dask_jobqueue.SLURMCluster``, and the number of jobs as ``jobs``."""
    shard: str | None = option(
        default=None,
        type=NAME,
        about="a part of a sweep",
        help="run the I-th of N parts in this process, without Dask: 1/4",
        metavar="I/N",
        use=_WHERE,
    )
    workers: int | None = option(
        default=None,
        type=WHOLE,
        about="workers of the cluster on this machine",
        help="workers on this machine; default: one per GPU",
        metavar="N",
        least=1,
        use=_WHERE,
    )
    """Builds of more workers run beside each other; measurements never share a GPU."""
    retry: bool = option(
        default=False,
        type=FLAG,
        about="cells that failed",
        help="try again what failed, crashed or timed out",
        use=_CELLS,
    )
    cell_seconds: float = option(
        default=3600.0,
        type=NUMBER,
        about="the most that a cell may take",
        help="end a cell after S seconds, waiting for its GPU aside (default: 3600; 0: never)",
        metavar="S",
        least=0,
        use=_CELLS,
    )
    """An hour: more than the build of a large model, less than a weekend lost to one that hangs."""

    def check(self) -> None:
        """Raises OptionError if a value makes no sense."""
        # Here: it loads `dataclasses`, which ``--help`` does without.
        from trtcore.api.options.values import check_value

        for one in self.declared:
            check_value(one, getattr(self, one.name))
        given = [
            argument(name, getattr(self, name))
            for name in ("scheduler", "slurm", "shard")
            if getattr(self, name) is not None
        ]
        if len(given) > 1:
            raise OptionError(f"{' and '.join(given)} contradict each other: give one of them")
        if given and self.workers is not None:
            raise OptionError(
                f"{argument('workers')} is of a cluster on this machine, which {given[0]} is not: "
                "leave it out"
            )
        if self.shard is not None:
            read_shard(self.shard)


def read_shard(text: str) -> tuple[int, int]:
    """Reads ``i/n``, with i from 1 to n.

    Raises:
        OptionError: not of that form.
    """
    index, count = (whole_number(part) for part in (*text.split("/", 1), "")[:2])
    if index is None or count is None or not 1 <= index <= count:
        raise OptionError(f"{argument('shard')} is {quoted(text)}, expected I/N such as 1/4 to 4/4")
    return index, count


def sweep_options() -> tuple[Option, ...]:
    """Every option of a sweep itself."""
    return SweepOptions.declared
