"""How near to the data sheet are the peaks, how near to the peaks are networks, and what to do?

Needs a GPU. The networks are those of `example_networks`, at batch 4. The tables are written to
``results/cost_table.md``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from example_networks import available, source
from harness import RESULTS, Benchmark, Goal, Measured, main

import trtcore
from trtcore.report.content.facts.cost import cost_sentence, peaks_text
from trtcore.report.content.facts.findings import finding_text
from trtcore.result.analysis.cost.roofline import GroupCost, NetworkCost

TITLE = "What do layers cost, beside what the GPU can do?"
METHOD = (
    "`trtcore.profile_model(..., iterations=200)` of each network and precision with measured "
    "peaks, in one process."
)
PRECISIONS = ("fp16", "fp32")
BATCH = 4
ITERATIONS = 200
LONGEST = 10
# Dense FP16 TFLOP/s and GB/s. Source: NVIDIA's data sheets of H200 and H100 SXM.
DATA_SHEETS = {"H200": (989.0, 4800.0), "H100": (989.0, 3350.0)}


@dataclass(frozen=True)
class Row:
    """One network in one precision."""

    name: str
    precision: str
    analysis: trtcore.Analysis


def profiles(quick: bool) -> Iterator[Row]:
    """Profiles every network, in a minute or two."""
    with tempfile.TemporaryDirectory() as folder:
        for name, precision in product(available()[: 1 if quick else None], PRECISIONS):
            profile = trtcore.profile_model(
                source(name, Path(folder)),
                precision=precision,
                batch=BATCH,
                serial=True,
                iterations=ITERATIONS,
                peak="measure",
            )
            yield Row(name, precision, trtcore.Analysis(profile))


def cost_of(row: Row) -> NetworkCost:
    """The cost of a network, which every graph here has."""
    if row.analysis.cost is None or row.analysis.cost.peaks is None:
        raise SystemExit(f"{row.name} in {row.precision}: {row.analysis.profile.warnings}")
    return row.analysis.cost


def measure(quick: bool) -> Measured:
    """Peaks, and the part of them that each network reaches."""
    rows = list(profiles(quick))
    figures: dict[str, float] = {}
    for row in rows:
        cost = cost_of(row)
        assert cost.peaks is not None
        figures[f"{row.name} {row.precision}, of the peaks"] = cost.share_of_peak
        figures["copy, GB/s"] = cost.peaks.bandwidth_gbs
        figures |= {f"{one.dtype}, TFLOP/s": one.tflops for one in cost.peaks.products}
    device = rows[0].analysis.profile.environment.device
    sheet = next((found for name, found in DATA_SHEETS.items() if name in device), None)
    if sheet is not None:
        figures["fp16 of the data sheet"] = figures["fp16, TFLOP/s"] / sheet[0]
        figures["copy of the data sheet"] = figures["copy, GB/s"] / sheet[1]
    if not quick:
        (RESULTS / "cost_table.md").write_text("\n".join(table(rows)) + "\n")
    return Measured(figures, (device, peaks_text(cost_of(rows[0]).peaks)))  # type: ignore[arg-type]


def table(rows: list[Row]) -> Iterator[str]:
    """The longest groups and the findings of every network, as markdown."""
    yield f"# {TITLE}"
    for row in rows:
        cost = cost_of(row)
        yield from ("", f"## {row.name}, {row.precision}, batch {BATCH}", "", cost_sentence(cost))
        yield from ("", "| group | ms | TFLOP/s | GB/s | of peak | bound by |")
        yield "|---|---:|---:|---:|---:|---|"
        longest = sorted(cost.groups, key=lambda group: -group.ms)[:LONGEST]
        yield from (line(row, group) for group in longest)
        latency = row.analysis.latency.wall
        latency_ms = latency.median_ms if latency else 0.0
        found = [finding_text(one, latency_ms) for one in row.analysis.findings]
        yield from ("", *(f"- {text}" for text in found or ["no findings"]))


def line(row: Row, group: GroupCost) -> str:
    """One group of the table."""
    (name,) = row.analysis.short_names.names([group.work.nodes])
    label = name or " + ".join(group.work.nodes) or "unknown nodes"
    return (
        f"| {label} | {group.ms:.4f} | {group.tflops:.1f} | {group.bandwidth_gbs:.0f} | "
        f"{group.share_of_peak:.0%} | {group.bound.value} |"
    )


if __name__ == "__main__":
    main(
        Benchmark(
            title=TITLE,
            method=METHOD,
            measure=measure,
            goals=(
                Goal(
                    "fp16 product of the data sheet", 0.5, "fp16 of the data sheet", at_least=True
                ),
                Goal("copy of the data sheet", 0.7, "copy of the data sheet", at_least=True),
            ),
            processes=1,
        )
    )
