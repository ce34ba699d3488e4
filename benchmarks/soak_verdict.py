"""Did memory grow in a soak? What the same loads keep that are not measured is told beside it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any, NamedTuple

SETTLED = 0.1
"""The part of a run that is not judged: allocators and caches reach their size in it."""

MOST_MIB = 8.0
"""By how much memory may lie higher at the end of a run than when it had settled; the goal that
`bench_soak` has for a million iterations."""

UNMEASURED = "unmeasured"
"""The kind of run in which nothing is measured: no verdict on it."""

SCRIPTED = "scripted"
"""The kind of run that has no device."""

IN_USE = "in_use_kib"
"""What malloc has handed out: holes between blocks, which differ from run to run, are no part."""

COUNTS = ("profiled", "unprofiled", "attaches", "loads", "results")

Sample = dict[str, Any]


class Growth(NamedTuple):
    """What a run has more at its end than when it had settled, in MiB; 0 of an unknown device."""

    host: float
    device: float


def judge(samples: list[Sample]) -> int:
    """Prints what every run and all together did.

    Returns:
        1 if one of them grew beyond `MOST_MIB`, 2 if there is nothing to judge, else 0.
    """
    runs: dict[str, list[Sample]] = {}
    for sample in samples:
        runs.setdefault(sample["run"], []).append(sample)
    longest = sorted(runs.values(), key=loads)
    others = {run[-1]["label"]: run for run in longest if run[-1].get("kind") == UNMEASURED}
    judged = [run for run in runs.values() if run[-1].get("kind") != UNMEASURED]
    for run in runs.values():
        print("; ".join(told(run, others.get(run[-1]["label"]))))
    if not judged:
        print("nothing to judge: " + ("nothing was measured" if runs else "no samples"))
        return 2
    worst = max(max(growth(run)) for run in judged)
    verdict = "flat" if worst <= MOST_MIB else f"grew by more than {MOST_MIB:g} MiB"
    total = sum(run[-1]["s"] for run in judged)
    iterations = sum(run[-1].get(kind, 0) for run in judged for kind in COUNTS[:2])
    print(f"{len(judged)} runs, {total / 60:.1f} min, {iterations:,} iterations: {verdict}")
    return int(worst > MOST_MIB)


def told(run: list[Sample], other: list[Sample] | None) -> Iterator[str]:
    """A run in a line, part by part; beside it the one that loads the same without measuring."""
    first, end = settled(run)[0], run[-1]
    kind = f"{end['kind']}: " if end.get("kind") else ""
    yield f"{kind}{end['label']}, {end['s'] / 60:.1f} min"
    yield from (f"{end[kind]:,} {kind}" for kind in COUNTS if kind in end)
    rss = [sample["rss_kib"] / 1024 for sample in settled(run)]
    yield f"resident {rss[0]:.1f} to {rss[-1]:.1f} MiB, {slope(settled(run), rss):+.2f} MiB/h"
    if first["device_kib"] is not None and end["device_kib"] is not None:
        yield f"device {growth(run).device:+.1f} MiB"
    elif end.get("kind") != SCRIPTED:
        yield "device not known"
    if other is not None and other is not run and (more := beyond(run, other)) is not None:
        yield f"of malloc {more:+.1f} MiB beyond as many loads that are not measured"
    yield f"files {first['files']} to {end['files']}"


def settled(run: list[Sample]) -> list[Sample]:
    """The samples that count."""
    return [sample for sample in run if sample["s"] >= SETTLED * run[-1]["s"]]


def growth(run: list[Sample]) -> Growth:
    """What a run has more at its end, of host and device."""
    ends = settled(run)[0], run[-1]
    used = [sample["device_kib"] for sample in ends]
    device = 0 if None in used else used[1] - used[0]
    return Growth((ends[1]["rss_kib"] - ends[0]["rss_kib"]) / 1024, device / 1024)


def slope(samples: list[Sample], values: list[float]) -> float:
    """Least-squares slope over the time, per hour; 0 of a single sample."""
    hours = [sample["s"] / 3600 for sample in samples]
    return statistics.linear_regression(hours, values).slope if len(set(hours)) > 1 else 0.0


def beyond(run: list[Sample], other: list[Sample]) -> float | None:
    """What malloc handed out beyond another run's share for as many loads, in MiB.

    None where one of them loads nothing, or has the figure not (before glibc 2.33).
    """
    counted = loads(run), loads(other)
    if not all(counted) or any(one[IN_USE] is None for one in (*run, *other)):
        return None
    mine, its = (each[-1][IN_USE] - settled(each)[0][IN_USE] for each in (run, other))
    return float(mine - its * counted[0] / counted[1]) / 1024


def loads(run: list[Sample]) -> int:
    """How often a plan was loaded in the part that counts."""
    first, end = settled(run)[0], run[-1]
    return int(end.get("loads", 0) - first.get("loads", 0))
