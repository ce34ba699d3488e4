"""Sections of facts about one result; each is shown only where it has something to say.

A section is a function from an analysis to it, or to None: another one is a line in `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable

from trtcore.report.content.facts.facts import io_lines, place_facts, timing_facts
from trtcore.report.content.facts.findings import finding_text, whole_ms
from trtcore.report.content.facts.phases import phase_text
from trtcore.report.content.facts.precision import precision_facts
from trtcore.report.content.facts.quantization import quantization_facts
from trtcore.report.content.rows.hierarchy import roll_up
from trtcore.report.content.rows.labels import row_labels
from trtcore.report.content.times.kernels import kernel_facts
from trtcore.report.html.roofline import cost_section
from trtcore.report.html.tables import Fact, Section, Table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.naming.kinds import LayerKind

_UNKNOWN = "-"
# Beside the pictures of the times, and not a second time below.
_OF_TIMES = frozenset(
    {"Latency", "GPU time", "Enqueue", "Throughput", "Samples", "Streamed", "Clocks", "Iterations"}
)


def sections_of(analysis: Analysis) -> tuple[Section, ...]:
    """Returns the sections between the layers and the distributions that have content."""
    found = (make(analysis) for make in SECTIONS)
    return tuple(one for one in found if one is not None)


def environment_facts(analysis: Analysis) -> tuple[Fact, ...]:
    """Returns tensors, method, model and machine; figures of the run are in `time_facts`."""
    profile = analysis.profile
    timing = tuple(fact for fact in timing_facts(analysis) if fact[0] not in _OF_TIMES)
    place = tuple(fact for fact in place_facts(analysis) if fact[0] not in _OF_TIMES)
    tensors = (("Tensor", line) for line in io_lines(profile.io))
    notes = (("Note", line) for line in profile.model.notes)
    phases = (("Run time", phase_text(profile.phases)),) if profile.phases else ()
    return (*tensors, *timing, *place, *notes, *phases)


def time_facts(analysis: Analysis) -> tuple[Fact, ...]:
    """Returns the latency and what the run was like: iterations, outliers, clocks."""
    facts = (*timing_facts(analysis), *place_facts(analysis))
    return tuple(fact for fact in facts if fact[0] in _OF_TIMES)


def _findings(analysis: Analysis) -> Section | None:
    whole = whole_ms(analysis)
    facts = tuple((one.kind.label, finding_text(one, whole)) for one in analysis.findings)
    return Section("findings", "Findings", facts) if facts else None


def _precision(analysis: Analysis) -> Section | None:
    facts = precision_facts(analysis.profile)
    return Section("precision", "Precision", tuple(facts), _fallbacks(analysis)) if facts else None


def _fallbacks(analysis: Analysis) -> Table | None:
    build = analysis.profile.build
    found = build.precision.fallbacks if build and build.precision else ()
    rows = [
        (
            " + ".join(one.nodes) or one.layer,
            one.dtype,
            _UNKNOWN if one.median_ms is None else f"{one.median_ms:.4f}",
            _UNKNOWN if one.share is None else f"{100 * one.share:.2f}",
            "requested" if one.is_requested else "FP32 only" if one.is_fp32_only else "",
        )
        for one in found
    ]
    headings = ("Precision fallback", "computes in", "median ms", "share %", "why")
    # TensorRT's own choice tells no reason.
    cells = len(headings) if any(row[-1] for row in rows) else len(headings) - 1
    return Table(headings[:cells], tuple(row[:cells] for row in rows)) if rows else None


def _conversions(analysis: Analysis) -> Section | None:
    """Reformats and quantization: time that computes nothing."""
    facts = [*quantization_facts(analysis)]
    total = sum(row.median_ms for row in analysis.rows)
    for bucket in roll_up(analysis, "type"):
        if bucket.name in {LayerKind.REFORMAT.value, LayerKind.QUANTIZATION.value} and total:
            count, ms = len(bucket.layers), bucket.median_ms
            noun = "layer" if count == 1 else "layers"
            text = f"{ms:.4f} ms as measured in {count} {noun}, {ms / total:.1%} of the layer time"
            facts.append((bucket.name.capitalize(), text))
    return Section("conversions", "Reformats and quantization", tuple(facts)) if facts else None


def _kernels(analysis: Analysis) -> Section | None:
    facts = kernel_facts(analysis)
    return (
        Section("kernels", "Kernels and gaps", tuple(facts), _by_layer(analysis)) if facts else None
    )


def _by_layer(analysis: Analysis) -> Table | None:
    kernels = analysis.kernels
    if kernels is None or not kernels.count.any():
        return None
    labels = row_labels(analysis, range(len(analysis.rows)))
    rows = tuple(
        (
            labels[i],
            str(kernels.count[i]),
            f"{kernels.kernel_ms[i]:.4f}",
            f"{kernels.gap_ms[i]:.4f}".replace("nan", _UNKNOWN),
        )
        for i in range(len(labels))
        if kernels.count[i]
    )
    return Table(("Layer", "kernels", "kernel ms", "gap before it, ms"), rows)


SECTIONS: tuple[Callable[[Analysis], Section | None], ...] = (
    cost_section,
    _findings,
    _precision,
    _conversions,
    _kernels,
)
"""In the order of the page."""
