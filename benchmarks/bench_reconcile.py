"""Do the layers of serial engines add up? Every engine in a process of its own.

Needs a GPU, a TensorRT that serves it and CUPTI. Beside the figures, a row for each engine is
written to ``results/reconcile_table.md``.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness import Benchmark, Goal, Measured, main
from reconciled import PREFACE, measure_engines, names

TITLE = "Do the layers of serial engines add up?"


def measure(quick: bool) -> Measured:
    preface = PREFACE.format(
        title=TITLE, topic="reconcile", unexplained="On one stream that is a test."
    )
    return measure_engines("reconcile", preface, quick, "--serial")


def goals() -> Iterator[Goal]:
    """One for each figure that has something to reach."""
    for name in names():
        yield Goal(f"unexplained of {name}, %", 3, f"unexplained, {name}, %")
        closeness = f"time of layers close to CUPTI, {name}, %"
        yield Goal(f"close to CUPTI, {name}, % of time", 90, closeness, at_least=True)
        common = f"longest layers in common, {name}"
        yield Goal(f"ten longest layers in common, {name}", 0.9, common, at_least=True)
        yield Goal(f"CUPTI slow-down, {name}", 1.3, f"CUPTI slow-down, {name}")


if __name__ == "__main__":
    main(
        Benchmark(
            title=TITLE,
            method=(
                "`python -m trtcore.profile ... --serial --timing cupti --iterations 400` in a "
                "process for each engine, one calibration of the event cost for all."
            ),
            measure=measure,
            goals=tuple(goals()),
            processes=1,
        )
    )
