"""Hours of profiling in one process, with its memory written down every half minute.

    python benchmarks/soak.py --fake --hours 2 --share 0.3     scripted contexts, a third of a core
    python benchmarks/soak.py --minutes 20 --network bert_base    a GPU: all that one process may do
    python benchmarks/soak.py --kind measuring                 one engine, on and on
    python benchmarks/soak.py --kind profiles                  its plan loaded and profiled anew
    python benchmarks/soak.py --kind unmeasured                loaded and run as often, not measured
    python benchmarks/soak.py --judge FILE [FILE ...]          what runs found, together

Every sample is a line of JSON, flushed: a run that is cut off loses at most half a minute, and
several short runs are judged like a long one, each by its own growth.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from memory import in_use_kib
from soak_verdict import judge
from soak_works import FakeWorks, Works

EVERY_S = 30.0
KINDS = ("everything", "measuring", "profiles", "unmeasured")


def main() -> int:
    """Runs or judges; 1 if memory grew."""
    options = parser().parse_args()
    if options.judge:
        lines = [line for path in options.judge for line in path.read_text().splitlines()]
        return judge([json.loads(line) for line in lines if line.startswith("{")])
    seconds = 3600 * options.hours if options.hours else 60 * options.minutes
    samples = []
    with made_works(options) as works:
        for sample in soak(works, seconds, options.share):
            samples.append(sample)
            write(json.dumps(sample), options.file)
    return judge(samples)


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    made = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    made.add_argument("--fake", action="store_true", help="scripted contexts, without a GPU")
    made.add_argument("--kind", choices=KINDS, default=KINDS[0], help="of work on a GPU")
    made.add_argument("--network", default="chain", help="chain (default), or an example network")
    length = made.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=20.0)
    length.add_argument("--hours", type=float)
    made.add_argument("--share", type=float, default=1.0, help="most of one core to use")
    made.add_argument("--file", type=Path, help="append the samples here, beside printing them")
    made.add_argument("--judge", type=Path, nargs="+", metavar="FILE", help="run nothing")
    return made


def made_works(options: argparse.Namespace) -> AbstractContextManager[Works]:
    """What is run over and over; ends the program where a GPU is missing."""
    if options.fake:
        return FakeWorks()
    from soak_gpu_works import made_gpu_works  # needs more than a scripted run has

    return made_gpu_works(options.kind, options.network)


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
        "kind": works.kind,
        "label": works.label,
        "s": round(elapsed, 1),
        **works.done,
        "rss_kib": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        "in_use_kib": in_use_kib(),
        "device_kib": works.device_kib(),
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "cpu_s": round(time.process_time(), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
