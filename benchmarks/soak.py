"""Hours of profiling in one process, with its memory written down every half minute.

    python benchmarks/soak.py --fake --hours 2 --share 0.3    scripted contexts, a third of a core
    python benchmarks/soak.py --minutes 20                     a GPU: contexts, attaches, profiles
    python benchmarks/soak.py --judge FILE [FILE ...]          what runs of one kind found, together

Every sample is a line of JSON, flushed: a run that is cut off loses at most half a minute, and
several short runs are judged like a long one, each by its own growth.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from soak_works import Works, made_works

EVERY_S = 30.0

SETTLED = 0.1
"""The part of a run that is not judged: allocators and caches reach their size in it."""

MOST_MIB = 8.0
"""By how much memory may lie higher at the end of a run than when it had settled; the goal that
`bench_soak` has for a million iterations."""


def main() -> int:
    """Runs or judges; 1 if memory grew."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fake", action="store_true", help="scripted contexts, without a GPU")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=20.0)
    length.add_argument("--hours", type=float)
    parser.add_argument("--share", type=float, default=1.0, help="most of one core to use")
    parser.add_argument("--file", type=Path, help="append the samples here, beside printing them")
    parser.add_argument("--judge", type=Path, nargs="+", metavar="FILE", help="run nothing")
    options = parser.parse_args()
    if options.judge:
        lines = [line for path in options.judge for line in path.read_text().splitlines()]
        return judge([json.loads(line) for line in lines if line.startswith("{")])
    seconds = 3600 * options.hours if options.hours else 60 * options.minutes
    samples = []
    with made_works(options.fake) as works:
        for sample in soak(works, seconds, options.share):
            samples.append(sample)
            write(json.dumps(sample), options.file)
    return judge(samples)


def write(line: str, path: Path | None) -> None:
    """Prints a line, and adds it to a file."""
    print(line, flush=True)
    if path is not None:
        with path.open("a") as file:
            file.write(line + "\n")


def soak(works: Works, seconds: float, share: float) -> Iterator[dict[str, Any]]:
    """Runs rounds for so long; yields a sample at the beginning, every `EVERY_S` and at the end."""
    works.round()  # what is allocated once
    started, run = time.monotonic(), f"{time.time():.0f}-{os.getpid()}"
    due = 0.0
    while (elapsed := time.monotonic() - started) < seconds:
        if elapsed >= due:
            yield sample_of(works, run, elapsed)
            due += EVERY_S
        before = time.process_time()
        works.round()
        time.sleep((time.process_time() - before) * (1 / share - 1))
    yield sample_of(works, run, elapsed)


def sample_of(works: Works, run: str, elapsed: float) -> dict[str, Any]:
    """What the process holds now, after a collection: only what is kept for good counts."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "run": run,
        "label": works.label,
        "s": round(elapsed, 1),
        **works.done,
        "rss_kib": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        "device_free_kib": None if (free := works.device_free_bytes()) is None else free // 1024,
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "cpu_s": round(time.process_time(), 1),
    }


def judge(samples: list[dict[str, Any]]) -> int:
    """Prints what every run and all together did; 1 if one of them grew beyond `MOST_MIB`."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for sample in samples:
        runs.setdefault(sample["run"], []).append(sample)
    grew = [growth for run in runs.values() for growth in report(run)]
    total = sum(run[-1]["s"] for run in runs.values())
    iterations = sum(run[-1]["profiled"] + run[-1]["unprofiled"] for run in runs.values())
    verdict = "flat" if max(grew) <= MOST_MIB else f"grew by more than {MOST_MIB:g} MiB"
    print(f"{len(runs)} runs, {total / 60:.1f} min, {iterations:,} iterations: {verdict}")
    return int(max(grew) > MOST_MIB)


def report(run: list[dict[str, Any]]) -> Iterator[float]:
    """Prints a run in a line; yields how much the host's and the device's memory grew, in MiB."""
    end = run[-1]
    settled = [sample for sample in run if sample["s"] >= SETTLED * end["s"]]
    parts = [f"{end['label']}, {end['s'] / 60:.1f} min"]
    parts += [f"{end[kind]:,} {kind}" for kind in ("profiled", "unprofiled", "attaches", "results")]
    rss = [sample["rss_kib"] / 1024 for sample in settled]
    parts.append(f"resident {rss[0]:.1f} to {rss[-1]:.1f} MiB, {slope(settled, rss):+.2f} MiB/h")
    yield rss[-1] - rss[0]
    if end["device_free_kib"] is not None:
        used = [-sample["device_free_kib"] / 1024 for sample in settled]
        parts.append(f"device {used[-1] - used[0]:+.1f} MiB")
        yield used[-1] - used[0]
    parts.append(f"files {settled[0]['files']} to {end['files']}")
    print("; ".join(parts))


def slope(samples: list[dict[str, Any]], values: list[float]) -> float:
    """Least-squares slope over the time, per hour; 0 of a single sample."""
    hours = [sample["s"] / 3600 for sample in samples]
    return statistics.linear_regression(hours, values).slope if len(set(hours)) > 1 else 0.0


if __name__ == "__main__":
    sys.exit(main())
