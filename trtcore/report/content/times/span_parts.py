"""The lines that lead from the corrected layers to the gated span, and on to both totals."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from trtcore.errors import argument
from trtcore.result.analysis.reconciliation.bridge import PartKind, PartSource, SpanPart
from trtcore.result.analysis.reconciliation.reconcile import CALIBRATED, TRACED, Reconciliation


@dataclass(frozen=True)
class Line:
    """One line of the block.

    Attributes:
        label: what the figure is.
        ms: the figure.
        words: how it came about; can be empty.
    """

    label: str
    ms: float
    words: str = ""


def rounded(x: float, digits: int) -> float:
    """Returns a number rounded to so many decimals, with a plain zero for a negative one."""
    return round(x, digits) + 0.0


_WORDS = {
    PartSource.UNPROFILED_LESS_PROFILED_KERNELS: (
        "by CUPTI: kernels un-profiled, less the same in profiled iterations, where events keep "
        "them apart"
    ),
    PartSource.GATED_SPANS_WITH_CUPTI: (
        "gated span without CUPTI less that with it, taken in turn: the lines of CUPTI hold it"
    ),
    PartSource.GATED_SPANS_OF_PASSES: (
        "gated span of the run less that of the traced pass, which the lines above are of"
    ),
}
_OF_KERNELS = {
    PartKind.OVERLAP: "by CUPTI: a layer began before the one before it had ended",
    PartKind.GAPS: "by CUPTI: no kernel ran between two layers",
}


def part_lines(result: Reconciliation) -> tuple[Line, ...]:
    """Returns a line for each measured part of the span."""
    return tuple(Line(part.kind.value, part.ms, _words(part)) for part in result.parts)


def _words(part: SpanPart) -> str:
    if part.source is PartSource.GATED_LESS_GRAPH:
        cupti = argument("timing", "cupti")
        return f"gated less CUDA graph: about the gaps, which {cupti} measures"
    return _WORDS[part.source] if part.source in _WORDS else _OF_KERNELS[part.kind]


def total_lines(result: Reconciliation, latency_ms: float) -> tuple[Line, ...]:
    """Returns the lines from the gated span to the latency, and those of the CUDA graph.

    Args:
        result: the reconciliation.
        latency_ms: median host time of an un-profiled iteration; NaN if it was not measured.
    """
    waits = "latency less gated span: launches the GPU waited for, and the synchronise"
    latency = (
        Line("waiting for the host", latency_ms - result.span_ms, waits),
        Line("un-profiled, latency", latency_ms, "host time from enqueue to synchronised"),
    )
    return (
        Line("un-profiled, gated", result.span_ms),
        *(() if isnan(latency_ms) else latency),
        *_graph_lines(result),
    )


def _graph_lines(result: Reconciliation) -> tuple[Line, ...]:
    graph_ms = result.graph_ms
    if isnan(graph_ms):
        return ()
    graph = Line("un-profiled, CUDA graph", graph_ms, _saved(result))
    # A cost that was chosen to fit the gated span says nothing of the graph.
    is_measured = result.event_cost_source in {TRACED, CALIBRATED}
    if len(result.stream_ms) != 1 or not is_measured or not graph_ms > 0:
        return (graph,)
    beyond = result.corrected_sum_ms - graph_ms
    words = f"{rounded(beyond / graph_ms, 3):+.1%} of the CUDA graph, which has hardly any gaps"
    return graph, Line("corrected less CUDA graph", beyond, words)


def _saved(result: Reconciliation) -> str:
    """What a CUDA graph is worth, with the gaps by CUPTI where those are known."""
    saved = result.span_ms - result.graph_ms
    if not rounded(saved, 4) > 0:
        return "a CUDA graph saves nothing"
    gaps = [part.ms for part in result.parts if part.kind is PartKind.GAPS]
    beside = f"; the gaps are {gaps[0]:.4f} ms" if gaps else ""
    share = f" ({saved / result.span_ms:.1%})"
    return f"a CUDA graph saves {saved:.4f} ms of the gated span{share}{beside}"
