"""What do layers on several streams add up to? Every engine in a process of its own.

Needs a GPU, a TensorRT that serves it and CUPTI. Beside the figures, a row for each engine is
written to ``results/streams_table.md``.
"""

from __future__ import annotations

from harness import Benchmark, Goal, Measured, main
from reconciled import PREFACE, measure_engines, names

TITLE = "What do layers on several streams add up to?"


def measure(quick: bool) -> Measured:
    preface = PREFACE.format(
        title=TITLE,
        topic="streams",
        unexplained="Only what lies outside of what streams can overlap counts.",
    )
    return measure_engines("streams", preface, quick)


if __name__ == "__main__":
    main(
        Benchmark(
            title=TITLE,
            method=(
                "`python -m trtcore.profile ... --timing cupti --iterations 400` in a process for "
                "each engine, one calibration of the event cost for all."
            ),
            measure=measure,
            goals=tuple(
                Goal(f"CUPTI slow-down, {name}", 1.3, f"CUPTI slow-down, {name}")
                for name in names()
            ),
            processes=1,
        )
    )
