"""One way to run every benchmark: fresh processes, interleaved arms, ratios against goals.

A benchmark is a function that measures once, in this process, and returns figures by name. The
harness runs it in several fresh processes, because memory layout and clocks differ from one to the
next, and prints medians and spread over the processes, then every goal with what came of it.

    python benchmarks/bench_<topic>.py [--quick] [--processes N] [--json FILE]

Without ``--quick`` the results are written to ``benchmarks/results/<topic>.json`` and ``.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from random import Random
from typing import Any

RESULTS = Path(__file__).parent / "results"

_MARK = "@figures "
_QUICK_PROCESSES = 2


@dataclass(frozen=True)
class Measured:
    """What one process measured: figures by name, and notes on them."""

    figures: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Goal:
    """A figure, or a ratio of two, and what it has to reach.

    Attributes:
        label: its text in the report.
        limit: the maximum; the minimum if ``at_least``.
        figure: name of the figure.
        over: name of the figure to divide it by; ``""`` for none.
        at_least: whether more is better.
    """

    label: str
    limit: float
    figure: str
    over: str = ""
    at_least: bool = False

    def value(self, figures: Mapping[str, float]) -> float | None:
        """Returns its value in one process; None if a figure is missing."""
        if self.figure not in figures or (self.over and self.over not in figures):
            return None
        return figures[self.figure] / (figures[self.over] if self.over else 1.0)

    def is_met(self, value: float) -> bool:
        """Whether a value reaches the limit."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Benchmark:
    """What to measure and which goals to reach.

    Attributes:
        title: a line.
        method: how, in a sentence or two.
        measure: measures once; its argument asks for a quick run.
        goals: what the figures have to reach.
        processes: how many fresh processes.
    """

    title: str
    method: str
    measure: Callable[[bool], Measured]
    goals: tuple[Goal, ...]
    processes: int = 5


@dataclass(frozen=True)
class Spread:
    """Median, least and most over the processes."""

    median: float
    least: float
    most: float


def main(benchmark: Benchmark) -> None:
    """Runs a benchmark from the command line."""
    parser = argparse.ArgumentParser(description=benchmark.title)
    parser.add_argument("--quick", action="store_true", help="less of everything; writes nothing")
    parser.add_argument("--processes", type=int, help=f"default {benchmark.processes}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here instead")
    parser.add_argument("--this-process", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.this_process:
        print(_MARK + json.dumps(asdict(benchmark.measure(options.quick))))
        return
    count = options.processes or (_QUICK_PROCESSES if options.quick else benchmark.processes)
    measured = [_in_fresh_process(options.quick) for _ in range(count)]
    result = summarise(benchmark, measured)
    text = render(result)
    print(text)
    path = options.json or (None if options.quick else RESULTS / f"{topic()}.json")
    if path is not None:
        path.write_text(json.dumps(result, indent=1) + "\n")
        path.with_suffix(".md").write_text(text + "\n")


def interleave(
    arms: Mapping[str, Callable[[], float]], rounds: int, *, warm_up: bool = True
) -> dict[str, float]:
    """Returns the median of each arm; every round runs all of them, in an order of its own.

    A fixed order would give each arm the same predecessor, whose caches and clocks it inherits.
    """
    names, random = list(arms), Random(0)
    values: dict[str, list[float]] = {name: [] for name in names}
    if warm_up:
        for arm in arms.values():
            arm()
    for _ in range(rounds):
        for name in random.sample(names, len(names)):
            values[name].append(arms[name]())
    return {name: statistics.median(times) for name, times in values.items()}


def milliseconds(
    work: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    """Returns how long one call takes, by the wall clock or another one that counts seconds."""
    start = clock()
    work()
    return 1e3 * (clock() - start)


def exponent(sizes: Iterable[float], times: Iterable[float]) -> float:
    """Returns e of ``time ~ size ** e``, by least squares over the logarithms."""
    from math import log

    points = [(log(size), log(ms)) for size, ms in zip(sizes, times, strict=True)]
    x, y = ([point[i] for point in points] for i in (0, 1))
    return statistics.linear_regression(x, y).slope


def topic() -> str:
    """Returns the topic of the benchmark that is running, from its file name."""
    return Path(sys.argv[0]).stem.removeprefix("bench_")


def _in_fresh_process(quick: bool) -> Measured:
    command = [sys.executable, sys.argv[0], "--this-process", *(["--quick"] if quick else [])]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode != 0:
        sys.exit(f"{topic()}: the measuring process failed with {ran.returncode}")
    line = next(line for line in ran.stdout.splitlines() if line.startswith(_MARK))
    tree = json.loads(line.removeprefix(_MARK))
    return Measured(tree["figures"], tuple(tree["notes"]))


def summarise(benchmark: Benchmark, measured: list[Measured]) -> dict[str, Any]:
    """Returns the result as it is saved."""
    figures = list(dict.fromkeys(name for each in measured for name in each.figures))
    return {
        "topic": topic(),
        "title": benchmark.title,
        "method": benchmark.method,
        "processes": len(measured),
        "machine": _machine(),
        "figures": {
            name: asdict(_spread([m.figures[name] for m in measured if name in m.figures]))
            for name in figures
        },
        "goals": [_judged(goal, measured) for goal in benchmark.goals],
        "notes": list(dict.fromkeys(note for each in measured for note in each.notes)),
    }


def _judged(goal: Goal, measured: list[Measured]) -> dict[str, Any]:
    values = [value for each in measured if (value := goal.value(each.figures)) is not None]
    judged: dict[str, Any] = {"goal": goal.label, "limit": goal.limit, "at_least": goal.at_least}
    if values:
        spread = _spread(values)
        judged |= {**asdict(spread), "is_met": goal.is_met(spread.median)}
    return judged


def _spread(values: list[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def _machine() -> dict[str, Any]:
    import numpy as np

    from trtcore.system.environment import capture_environment

    where = asdict(capture_environment())
    kept = ("date", "trtcore", "python", "system", "cpu", "cpu_count", "load_average")
    if where["device"]:
        kept += ("device", "driver", "cuda")
    return {
        **{name: where[name] for name in kept},
        "numpy": np.__version__,
        **dict(_versions()),
    }


def _versions() -> Iterator[tuple[str, str]]:
    """Versions of the installed packages that arms or engines come from."""
    for name in ("tensorrt", "tensorrt_rtx", "onnxruntime", "torch", "polygraphy", "pybind11"):
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def render(result: Mapping[str, Any]) -> str:
    """Returns a result as Markdown: figures first, goals last."""
    machine = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
    count = result["processes"]
    processes = "One process." if count == 1 else f"Medians of {count} fresh processes."
    lines = [
        f"# {result['title']}",
        "",
        f"{result['method']} {processes}",
        "",
        machine,
        "",
        "| figure | median | least | most |",
        "|---|---:|---:|---:|",
    ]
    for name, spread in result["figures"].items():
        numbers = " | ".join(_number(spread[key]) for key in ("median", "least", "most"))
        lines.append(f"| {name} | {numbers} |")
    lines.append("")
    lines += [line for note in result["notes"] for line in (f"Note: {note}", "")]
    if result["goals"]:
        lines += ["| goal | wanted | median | least | most | |", "|---|---:|---:|---:|---:|---|"]
        lines += [_goal_line(goal) for goal in result["goals"]]
    return "\n".join(lines).rstrip()


def _goal_line(goal: Mapping[str, Any]) -> str:
    wanted = f"{'>=' if goal['at_least'] else '<='} {goal['limit']:g}"
    if "median" not in goal:
        return f"| {goal['goal']} | {wanted} | - | - | - | not measured |"
    numbers = " | ".join(_number(goal[key]) for key in ("median", "least", "most"))
    return f"| {goal['goal']} | {wanted} | {numbers} | {'met' if goal['is_met'] else 'missed'} |"


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def child_environment(**changes: str) -> dict[str, str]:
    """Returns this process's environment with changes, for processes that a benchmark starts."""
    return {**os.environ, **changes}
