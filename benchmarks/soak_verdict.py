"""Did memory grow in a soak? TensorRT's own growth is told, and taken off where it was measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

SETTLED = 0.1
"""The part of a run that is not judged: allocators and caches reach their size in it."""

MOST_MIB = 8.0
"""By how much memory may lie higher at the end of a run than when it had settled; the goal that
`bench_soak` has for a million iterations."""

ALONE = "tensorrt"
"""The kind of run that has TensorRT only: no verdict on it, but on others of the same label."""

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
    alone = {run[-1]["label"]: run for run in longest if run[-1].get("kind") == ALONE}
    judged = [run for run in runs.values() if run[-1].get("kind") != ALONE]
    for run in runs.values():
        print("; ".join(told(run, alone)))
    if not judged:
        print("nothing to judge: " + ("TensorRT alone" if runs else "no samples"))
        return 2
    worst = max(max(beyond(run, alone)) for run in judged)
    verdict = "flat" if worst <= MOST_MIB else f"grew by more than {MOST_MIB:g} MiB"
    total = sum(run[-1]["s"] for run in judged)
    iterations = sum(run[-1].get(kind, 0) for run in judged for kind in COUNTS[:2])
    print(f"{len(judged)} runs, {total / 60:.1f} min, {iterations:,} iterations: {verdict}")
    return int(worst > MOST_MIB)


def told(run: list[Sample], alone: dict[str, list[Sample]]) -> Iterator[str]:
    """A run in a line, part by part."""
    first, end = settled(run)[0], run[-1]
    kind = f"{end['kind']}: " if end.get("kind") else ""
    yield f"{kind}{end['label']}, {end['s'] / 60:.1f} min"
    yield from (f"{end[kind]:,} {kind}" for kind in COUNTS if kind in end)
    yield f"resident {first['rss_kib'] / 1024:.1f} to {end['rss_kib'] / 1024:.1f} MiB"
    if device_kib(first) is not None and device_kib(end) is not None:
        yield f"device {growth(run).device:+.1f} MiB"
    elif end.get("kind") != SCRIPTED:
        yield "device not known"
    if own(run, alone) is not None:
        more = beyond(run, alone)
        yield f"beyond TensorRT alone {more.host:+.1f} MiB, device {more.device:+.1f} MiB"
    yield f"files {first['files']} to {end['files']}"


def settled(run: list[Sample]) -> list[Sample]:
    """The samples that count."""
    return [sample for sample in run if sample["s"] >= SETTLED * run[-1]["s"]]


def growth(run: list[Sample], host: str = "rss_kib") -> Growth:
    """What a run has more at its end, of host and device."""
    first, end = settled(run)[0], run[-1]
    ends = device_kib(first), device_kib(end)
    device = 0 if ends[0] is None or ends[1] is None else ends[1] - ends[0]
    return Growth((end[host] - first[host]) / 1024, device / 1024)


def device_kib(sample: Sample) -> int | None:
    """Device memory in use, from any point on; files of before tell what was free."""
    if "device_free_kib" in sample:
        free = sample["device_free_kib"]
        return None if free is None else -int(free)
    used = sample["device_kib"]
    return None if used is None else int(used)


def own(run: list[Sample], alone: dict[str, list[Sample]]) -> Growth | None:
    """What TensorRT alone keeps of as many loads of the same plan; None where nobody knows."""
    other = alone.get(run[-1]["label"])
    if other is None or run[-1].get("kind") == ALONE or not loads(run) or not loads(other):
        return None
    # Files of before and other C libraries do not have the figure.
    if any(sample.get(IN_USE) is None for one in (run, other) for sample in one):
        return None
    part = loads(run) / loads(other)
    return Growth(*(part * one for one in growth(other, IN_USE)))


def beyond(run: list[Sample], alone: dict[str, list[Sample]]) -> Growth:
    """What a run has more at its end; where TensorRT's part is known, of malloc and without it."""
    kept = own(run, alone)
    if kept is None:
        return growth(run)
    return Growth(*(mine - its for mine, its in zip(growth(run, IN_USE), kept, strict=True)))


def loads(run: list[Sample]) -> int:
    """How often a plan was loaded in the part that counts."""
    first, end = settled(run)[0], run[-1]
    return int(end.get("loads", 0) - first.get("loads", 0))
