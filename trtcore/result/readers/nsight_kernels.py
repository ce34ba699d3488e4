"""The summary of kernels by Nsight Systems: ``nsys stats --report cuda_gpu_kern_sum --format csv``.

Source: Nsight Systems 2021.4 to 2025.3; before 2022 the report is called ``gpukernsum``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from math import gcd

from trtcore.errors import ResultError
from trtcore.result.readers.single_figures import make_profile
from trtcore.result.records.layers import Layer
from trtcore.result.records.method import Method, Statistic, Timer
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

_HEAD = re.compile(r'^"?Time ?\(%\)"?,"?Total Time \(ns\)"?,"?Instances"?,.*\bName"?\s*$', re.M)
_TOTAL, _COUNT, _NAME = "Total Time (ns)", "Instances", "Name"
_NS_PER_MS = 1e6


def is_kernel_summary(text: str) -> bool:
    """Whether a text holds the header of the report."""
    return _HEAD.search(text) is not None


def parse_kernel_summary(text: str, source: str = "Nsight Systems") -> Profile:
    """Reads the kernels as rows, which belong to no layer.

    The report tells how often each kernel ran, not how many inferences there were. They are taken
    as the largest number that divides all of these counts, and a warning says so.

    Raises:
        ResultError: cut off, no kernels, or a figure that is no number.
    """
    head = _HEAD.search(text)
    lines = text[head.start() if head else 0 :].split("\n")  # a name may hold others
    table = list(csv.DictReader(_until_empty(lines)))
    rows = [_row(row, source) for row in table]
    runs = gcd(*(count for _, _, count in rows))
    layers = [(Layer(name, "kernel", tactic=name), ms / max(runs, 1)) for name, ms, _ in rows]
    return make_profile(
        layers,
        source=source,
        source_tool="nsys",
        method=Method(Timer.NSIGHT_SYSTEMS, statistic=Statistic.MEAN, iterations=runs),
        iterations=max(runs, 1),
        warnings=(RunWarning(WarningKind.RUNS_GUESSED, (runs,)),),
    )


def _until_empty(lines: Sequence[str]) -> list[str]:
    """The table: nsys prints several reports one after the other, with an empty line between."""
    end = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    return list(lines[:end])


def _row(row: dict[str, str | None], source: str) -> tuple[str, float, int]:
    name = row.get(_NAME)
    try:
        if name is None:
            raise ValueError
        return name, float(row[_TOTAL] or "") / _NS_PER_MS, int(row[_COUNT] or "")
    except (KeyError, TypeError, ValueError):
        raise ResultError(
            f"{source}: kernel '{(name or '')[:60]}' has no whole row of figures; export it again"
        ) from None
