"""Do findings save what they say? Each is done, and what it saved stands beside the claim.

Needs a GPU and a TensorRT that serves it. A row is printed and written to
``results/findings_table.md`` as soon as it was measured. ``FINDINGS_ONLY=vit_b_16,bert_base`` takes
some networks of `example_networks` only, ``FINDINGS_PRECISIONS=fp32`` one precision; none is begun
later than ``FINDINGS_SECONDS``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from itertools import product
from math import isnan

from example_networks import available
from finding_checks import BATCH, Check, checks_of, label_of, latency_of, runs_of
from harness import RESULTS, Benchmark, Goal, Measured, main

from trtcore.engine.choice import choose_backend
from trtcore.result.analysis.findings.finding import FindingKind
from trtcore.result.analysis.findings.registry import LEAST_SAVING

PRECISIONS = ("fp16", "fp32")
TITLE = "Do findings save what they say?"
METHOD = (
    f"FP16 unless stated, batch {BATCH}, 200 iterations, every run in a fresh process. "
    "*Measured* is of the GPU where the claim is about layers, of the latency where it is about "
    "whole iterations; for a larger batch half the time of twice the items."
)
HEAD = (
    "| network | finding | done | claimed, ms | measured, ms | latency, ms | GPU, ms |\n"
    "|---|---|---|---:|---:|---:|---:|"
)
_SECONDS = 240.0  # A network in one precision takes some 25 s.
# A claim that was measured has to come again; one that says "at most" must not be exceeded by more
# than what processes lie apart, nor cost more than that.
_NEAR = 0.2
# What is saved of the host's time changes with the host; what is left is the GPU's own time.
_REACHED = 0.02


def chosen(quick: bool) -> tuple[tuple[str, str], ...]:
    """The networks to run, and in which precision."""
    only = os.environ.get("FINDINGS_ONLY", "")
    names = tuple(only.split(",")) if only else available()
    precisions = os.environ.get("FINDINGS_PRECISIONS", ",".join(PRECISIONS)).split(",")
    return tuple(product(names, precisions))[: 1 if quick else None]


def checks(cases: tuple[tuple[str, str], ...]) -> Iterator[tuple[Check | str, float]]:
    """Every check with the latency of its network, or why a network has none."""
    ends = time.monotonic() + float(os.environ.get("FINDINGS_SECONDS", _SECONDS))
    for case in cases:
        if time.monotonic() > ends:
            yield f"{label_of(*case)}: not begun, the time was over", 0.0
            continue
        try:
            with runs_of(*case) as runs:
                for check in checks_of(runs):
                    yield check, latency_of(runs.run())
        except SystemExit as failed:  # of `profiled`: the other networks can still be run
            yield f"{label_of(*case)}: {failed}", 0.0


def measure(quick: bool) -> Measured:
    """Does what every finding says."""
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_findings needs a GPU: {choice.reason}")
    figures: dict[str, float] = {}
    lines, problems = [HEAD], []
    for check, latency_ms in checks(chosen(quick)):
        if isinstance(check, str):
            problems.append(check)
        else:
            figures |= figures_of(check, latency_ms)
            lines.append(row(check))
        print(problems[-1] if isinstance(check, str) else lines[-1], file=sys.stderr, flush=True)
        if not quick:
            text = "\n".join([f"# {TITLE}", "", METHOD, "", *lines, "", *problems])
            (RESULTS / "findings_table.md").write_text(text.rstrip() + "\n")
    return Measured(figures, (choice.bindings.label, *problems))


def row(check: Check) -> str:
    """A check as a row of the table."""
    claimed = check.finding.saves_ms if check.finding else 0.0
    numbers = (claimed, check.saved_ms, check.latency_ms, check.gpu_ms)
    texts = ("-" if isnan(number) else f"{number:.4f}" for number in numbers)
    done = check.done or "no option does it"
    return f"| {check.network} | {check.text} | {done} | {' | '.join(texts)} |"


def figures_of(check: Check, latency_ms: float) -> dict[str, float]:
    """What a check adds to the figures: the claim, and how far the measured saving is off it."""
    if check.finding is None or isnan(check.saved_ms):
        return {}
    name, claimed = f"{check.network}, {check.finding.kind.value}", check.finding.saves_ms
    figures = {f"{name}, claimed, ms": claimed, f"{name}, measured, ms": check.saved_ms}
    tolerance = LEAST_SAVING * latency_ms
    if check.finding.is_measured:
        told = check.finding.numbers[1]  # of an iteration as a CUDA graph
        return figures | {
            off(name): abs(check.saved_ms / claimed - 1),
            reached(name): abs(check.reached_ms / told - 1),
        }
    return figures | {
        beyond(name): (check.saved_ms - claimed) / tolerance,
        costs(name): -check.saved_ms / tolerance,
    }


def off(name: str) -> str:
    return f"{name}, off the measured claim, part of it"


def reached(name: str) -> str:
    return f"{name}, an iteration then off what was told, part of it"


def beyond(name: str) -> str:
    return f"{name}, beyond what is claimed at most, percent of the latency"


def costs(name: str) -> str:
    return f"{name}, cost instead of saving, percent of the latency"


def goals() -> Iterator[Goal]:
    """For every network, precision and kind of finding that is done."""
    for case in product(available(), PRECISIONS):
        network = label_of(*case)
        graph = f"{network}, CUDA graph"
        yield Goal(graph, _NEAR, off(graph))
        yield Goal(f"{graph}, an iteration then", _REACHED, reached(graph))
        for kind in FindingKind:
            # In FP32 there is nothing to keep in it.
            is_pinned_fp32 = kind is FindingKind.PINNED and case[1] == "fp32"
            if kind is not FindingKind.CUDA_GRAPH and kind in _DONE and not is_pinned_fp32:
                name = f"{network}, {kind.value}"
                yield Goal(f"{name}, not more than claimed", 1, beyond(name))
                yield Goal(f"{name}, saves", 1, costs(name))


_DONE = frozenset(
    {
        FindingKind.CUDA_GRAPH,
        FindingKind.LARGER_BATCH,
        FindingKind.WEIGHTS,
        FindingKind.STREAMS,
        FindingKind.IO_REFORMAT,
        FindingKind.PINNED,
    }
)


if __name__ == "__main__":
    main(Benchmark(title=TITLE, method=METHOD, measure=measure, goals=tuple(goals()), processes=1))
