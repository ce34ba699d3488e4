"""Chooses the batch with the most items per second whose latency stays under a limit.

    python examples/choose_batch.py googlenet --limit-ms 5

Works without a GPU too: then the times are of ONNX Runtime on the CPU.
"""

from __future__ import annotations

import argparse
import sys
from math import isnan

import trtcore


def main() -> int:
    parser = argparse.ArgumentParser(description="choose a batch under a latency limit")
    parser.add_argument("model", help="googlenet or FILE.onnx")
    parser.add_argument(
        "--limit-ms",
        type=float,
        required=True,
        help="of the 95th percentile, or of the slowest iteration",
    )
    parser.add_argument("--batches", default="1,4,16", help="to try")
    parser.add_argument("--iterations", type=int, default=200)
    parser.add_argument("--backend", default="auto")
    options = parser.parse_args()

    best = None
    for batch in map(int, options.batches.split(",")):
        profile = trtcore.profile_model(
            options.model, batch=batch, backend=options.backend, iterations=options.iterations
        )
        latency = trtcore.Analysis(profile).latency
        tail, tail_ms = "p95", latency.wall.p95_ms
        if isnan(tail_ms):  # too few iterations for a percentile: the slowest one counts
            tail, tail_ms = "max", float(profile.samples.wall_ms.max())
        fits, rate = tail_ms <= options.limit_ms, latency.items_per_s
        note = "" if fits else ", too slow"
        print(f"batch {batch:3}: {tail} {tail_ms:9.3f} ms, {rate:9.1f} items/s{note}")
        if fits and (best is None or rate > best[1]):
            best = (batch, rate)
    if best is None:
        print(f"no batch stays under {options.limit_ms:g} ms", file=sys.stderr)
        return 1
    print(f"best: batch {best[0]}, {best[1]:.1f} items/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
