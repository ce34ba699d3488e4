"""What the saved result of an engine says of the claims: its row of the table, and its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from harness import Goal

import trtcore
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.reconciliation.bridge import PartKind
from trtcore.result.analysis.reconciliation.kernels import KernelAgreement, agreement, times_alone
from trtcore.result.analysis.reconciliation.reconcile import (
    TRACED,
    Reconciliation,
    reconcile_profile,
)
from trtcore.result.records.profile import Profile

COLUMNS = (
    "network", "precision", "batch", "layers", "raw sum",
    "event cost by CUPTI, us", "calibrated, us", "corrected by CUPTI", "neighbours", "overlap",
    "gaps", "tracing", "passes", "gated span", "unexplained", "CUDA graph",
    "corrected by CUPTI over graph", "corrected by calibration over graph",
    "close to CUPTI alone", "close to CUPTI un-profiled",
    "nodes", "relative L2", "build s", "total s",
)  # fmt: skip
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * 2}{'---:|' * (len(COLUMNS) - 2)}"

KEY = """\
Times in milliseconds, medians. *Event cost by CUPTI* is what the profiler charges a layer beyond
its kernels, in this run; *calibrated* is measured apart from it. *Neighbours*: kernels un-profiled
less the same in profiled iterations, where events keep them apart. *Passes*: gated span of the run
less that of the traced pass. *Unexplained*: gated span less corrected, neighbours, overlap, gaps,
tracing and passes. *Close to CUPTI*: layers whose time, corrected by the calibrated cost, is within
10 % or 1 us of their kernels, alone (profiled) and un-profiled, and the part of kernel time they
hold."""

# 20 of the 24 engines that are measured.
MOST = 20 / 24


@dataclass(frozen=True)
class Engine:
    """One engine of the table."""

    network: str
    precision: str
    batch: int

    @property
    def name(self) -> str:
        """What its figures are called."""
        return f"{self.network} {self.precision} batch {self.batch}"


@dataclass(frozen=True)
class Row:
    """The results of one engine.

    Attributes:
        engine: which.
        analysis: of its result.
        reconciled: with CUPTI where it was traced.
        calibrated: without CUPTI's kernels.
        seconds: the whole run; NaN of a result that was saved before.
    """

    engine: Engine
    analysis: Analysis
    reconciled: Reconciliation
    calibrated: Reconciliation
    seconds: float = float("nan")

    @property
    def profile(self) -> Profile:
        """The result itself."""
        return self.analysis.profile

    @property
    def is_traced(self) -> bool:
        """Whether the event cost and the parts of the span are CUPTI's."""
        return self.reconciled.event_cost_source == TRACED

    def part(self, kind: PartKind) -> float | None:
        """A part of the span in ms; None if it was not measured."""
        return next((part.ms for part in self.reconciled.parts if part.kind is kind), None)

    def close(self, *, alone: bool) -> KernelAgreement | None:
        """How close the layers come to their kernels, without a value of CUPTI in them."""
        kernels, found = self.profile.kernels, self.analysis.kernels
        if kernels is None or found is None or not self.calibrated.is_corrected:
            return None
        times = times_alone(kernels, len(self.profile.layers)) if alone else found.kernel_ms
        return None if times is None else agreement(self.calibrated.corrected_ms, times)


def row_of(engine: Engine, profile: Profile, seconds: float = float("nan")) -> Row | str:
    """Returns the row of a result, or why it has none."""
    reconciled = reconcile_profile(profile)
    calibrated = reconcile_profile(profile, use_kernels=False)
    if reconciled is None or calibrated is None:
        return "the passes were not gated"
    return Row(engine, Analysis(profile), reconciled, calibrated, seconds)


def saved_rows(folder: Path) -> Iterator[tuple[Engine, Row | str]]:
    """The rows of the results in a folder, called ``NETWORK_PRECISION_bBATCH.json`` or alike."""
    for path in sorted(folder.glob("*.json")):
        profile = trtcore.load_profile(path)
        network = re.sub(rf"_{profile.precision}_b(atch_)?\d+$", "", path.stem)
        engine = Engine(network, profile.precision, profile.batch)
        yield engine, row_of(engine, profile)


def row_text(row: Row) -> str:
    """One line of the table."""
    return f"| {' | '.join((*_sums(row), *_totals(row), *_rest(row)))} |"


def _sums(row: Row) -> tuple[str, ...]:
    found, calibrated_us = row.reconciled, 1000 * row.calibrated.calibrated_cost_ms
    engine = row.engine
    return (
        engine.network,
        engine.precision,
        str(engine.batch),
        str(found.layer_count),
        _ms(found.raw_sum_ms),
        f"{1000 * found.event_cost_ms:.2f}" if row.is_traced else "-",
        _or_dash(calibrated_us, ".2f"),
        _ms(found.corrected_sum_ms) if row.is_traced else "-",
    )


def _totals(row: Row) -> tuple[str, ...]:
    kinds = (PartKind.NEIGHBOURS, PartKind.OVERLAP, PartKind.GAPS, PartKind.TRACING)
    parts = [row.part(kind) for kind in (*kinds, PartKind.PASSES)]
    found = row.reconciled
    return (
        *("-" if ms is None else f"{ms:+.4f}" for ms in parts),
        _ms(found.span_ms),
        f"{found.unexplained_share:+.1%}",
        _or_dash(found.graph_ms, ".4f"),
        _or_dash(found.over_graph, ".3f") if row.is_traced else "-",
        _or_dash(row.calibrated.over_graph, ".3f"),
    )


def _rest(row: Row) -> tuple[str, ...]:
    profile = row.profile
    return (
        _close(row.close(alone=True)),
        _close(row.close(alone=False)),
        f"{row.analysis.fusion.node_coverage:.1%}",
        f"{profile.accuracy.relative_l2:.1e}" if profile.accuracy else "-",
        f"{profile.build.seconds:.1f}" if profile.build else "-",
        _or_dash(row.seconds, ".1f"),
    )


def _close(found: KernelAgreement | None) -> str:
    return f"{found.close} of {found.layers}, {found.close_share:.1%}" if found else "-"


def _ms(ms: float) -> str:
    return f"{ms:.4f}"


def _or_dash(value: float, form: str) -> str:
    return "-" if isnan(value) else format(value, form)


def figures_of(row: Row) -> dict[str, float]:
    """The figures that goals are set for."""
    name, profile = row.engine.name, row.profile
    figures = {f"nodes accounted for, {name}, %": 100 * row.analysis.fusion.node_coverage}
    if row.is_traced:
        figures[_unexplained(name)] = 100 * abs(row.reconciled.unexplained_share)
    if not isnan(row.calibrated.over_graph):
        figures[_off_graph(name)] = 100 * abs(row.calibrated.over_graph - 1)
    for alone in (True, False):
        if found := row.close(alone=alone):
            figures[_closeness(name, alone=alone)] = 100 * found.close_share
    if profile.accuracy:
        figures[f"relative L2, {name}"] = profile.accuracy.relative_l2
    return figures


def _unexplained(name: str) -> str:
    return f"unexplained with CUPTI, {name}, %"


def _off_graph(name: str) -> str:
    return f"corrected sum off the graph span without CUPTI, {name}, %"


def _closeness(name: str, *, alone: bool) -> str:
    return f"time of layers close to CUPTI {'alone' if alone else 'un-profiled'}, {name}, %"


WITHIN = "engines with at most 2 % unexplained, share"
CLOSE = {alone: f"engines with 90 % of time close to CUPTI {words}, share"
         for alone, words in ((True, "alone"), (False, "un-profiled"))}  # fmt: skip


def shares_of(rows: Sequence[Row]) -> dict[str, float]:
    """The part of the engines that reaches what not all have to."""
    found = [figures_of(row) for row in rows]
    names = [row.engine.name for row in rows]
    shares = {WITHIN: [one[key] <= 2 for one, name in zip(found, names, strict=True)
                       if (key := _unexplained(name)) in one]}  # fmt: skip
    for alone, words in CLOSE.items():
        keys = [_closeness(name, alone=alone) for name in names]
        shares[words] = [one[k] >= 90 for one, k in zip(found, keys, strict=True) if k in one]
    return {words: sum(held) / len(held) for words, held in shares.items() if held}


def goals_of(engines: Sequence[Engine]) -> Iterator[Goal]:
    """Those of most engines, then one for each figure of each that has something to reach."""
    for words in (WITHIN, *CLOSE.values()):
        yield Goal(words, MOST, words, at_least=True)
    for engine in engines:
        name = engine.name
        yield Goal(f"unexplained of {name}, %", 4, _unexplained(name))
        yield Goal(f"off the graph, {name}, %", 5, _off_graph(name))
        nodes = f"nodes accounted for, {name}, %"
        yield Goal(f"nodes accounted for, {name}, %", 100, nodes, at_least=True)
        most = 1e-2 if engine.precision == "fp16" else 2e-3
        yield Goal(f"relative L2 of {name}", most, f"relative L2, {name}")
