"""Findings as facts, the largest saving first: what costs time, and how to check it."""

from __future__ import annotations

from collections.abc import Callable

from trtcore.errors import argument
from trtcore.report.content.facts.facts import Fact
from trtcore.report.content.rows.labels import shorten
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.findings.finding import Finding, FindingKind

_FIRST = 3
"""How many are shown unless all are wanted: as many as someone can act on at once."""
# A label of two nodes with paths; of more the first and the last are named.
_NAME_WIDTH = 80
_SMALL_PART = 0.01

_Numbers = tuple[float, ...]
_Names = tuple[str, ...]


def finding_facts(analysis: Analysis, *, all_of_them: bool = False) -> tuple[Fact, ...]:
    """Returns how many findings there are, and the first three or all, each by its kind."""
    found = analysis.findings
    shown = found if all_of_them else found[:_FIRST]
    if not shown:
        return ()
    latency_ms = whole_ms(analysis)
    facts = ((one.kind.label, finding_text(one, latency_ms)) for one in shown)
    return (("Findings", _heading(len(shown), len(found))), *facts)


def _heading(shown: int, found: int) -> str:
    """What the findings begin with: their labels alone could be those of times."""
    if found == 1:
        return "1, with what it could save"
    if shown == found:
        return f"{found}, the largest saving first"
    return f"{shown} of {found}, the largest saving first; all with {argument('findings', True)}"


def whole_ms(analysis: Analysis) -> float:
    """Returns what savings are a part of: the latency, or all layers where it was not measured."""
    wall = analysis.latency.wall
    return (wall.median_ms if wall else 0.0) or sum(analysis.layer_times)


def finding_text(finding: Finding, latency_ms: float) -> str:
    """Returns a finding in a sentence, with what it could save and how to check it.

    Args:
        finding: the finding.
        latency_ms: what the saving is a part of.
    """
    names = tuple(shorten(name, _NAME_WIDTH) for name in finding.names)
    text = _TEXTS[finding.kind](finding.numbers, names)
    if not finding.saves_ms:
        return text
    part = f" ({finding.saves_ms / latency_ms:.1%})" if latency_ms > 0 else ""
    how = "measured" if finding.is_measured else "at most, estimated"
    return f"{finding.saves_ms:.4f} ms{part}, {how}: {text}"


def _cuda_graph(numbers: _Numbers, _: _Names) -> str:
    spread = ""
    if numbers[2:]:
        least, most, count = numbers[2:]
        spread = f", {least:.4f} to {most:.4f} ms less in {count:.0f} processes"
    return (
        f"an iteration takes {numbers[0]:.4f} ms enqueued and {numbers[1]:.4f} ms as a CUDA graph"
        f"{spread}; launch one instead, as trtexec does with --useCudaGraph"
    )


def _gaps(numbers: _Numbers, _: _Names) -> str:
    return (
        f"no kernel runs in {numbers[0]:.4f} ms of the {numbers[1]:.4f} ms of an iteration, by "
        "CUPTI; a CUDA graph or fewer, larger layers close gaps"
    )


def _larger_batch(numbers: _Numbers, _: _Names) -> str:
    batch = int(numbers[3])
    return (
        f"{numbers[2]:.0f} groups are too short to be limited by compute or memory: "
        f"{numbers[0]:.4f} ms, {numbers[1]:.1%} of the layer time; twice the batch need not take "
        f"them longer, which saves that much for {_count(batch, 'item')}; check with "
        f"{argument('batch', 2 * batch)}"
    )


def _io_reformat(numbers: _Numbers, names: _Names) -> str:
    option, value, longest = names
    given = argument(option, value if option != "io_formats" else dict([value.rsplit(":", 1)]))
    return (
        f"{_count(numbers[0], 'layer')} ({longest}) for an input or output: {numbers[1]:.4f} "
        f"ms; {given} can leave them out, check with it"
    )


def _reformat(numbers: _Numbers, names: _Names) -> str:
    return (
        f"{_counted(numbers)} with a change of format or type only, or a copy, longest {names[0]};"
        " the layers beside them want different ones: look at their formats with inspect"
    )


def _padding(numbers: _Numbers, names: _Names) -> str:
    before, after = numbers[3:]
    return (
        f"{_counted(numbers)} that only pad a dimension or cut it again, longest {names[0]} from "
        f"{before:.0f} to {after:.0f}; a size that is a multiple of 8 needs none: pad it in the "
        "model, as one does with a vocabulary, and profile again"
    )


def _quantization(numbers: _Numbers, names: _Names) -> str:
    return (
        f"{_counted(numbers)} with quantizing or dequantizing only, longest {names[0]}; place the "
        "Q/DQ nodes where the layer before or after can take them in, and profile again"
    )


def _fallback(numbers: _Numbers, names: _Names) -> str:
    own, wanted, longest = names
    return (
        f"{_counted(numbers)} in {own} and not in {wanted}, longest {longest}; half the bytes take "
        f"half the time, products less; check with {argument('compare', 'fp32,fp16')} what they "
        "take"
    )


def _pinned(numbers: _Numbers, names: _Names) -> str:
    own, wanted, longest = names
    return (
        f"{_counted(numbers)} with nodes kept in {own}, longest {longest}; check without "
        f"{argument('keep_fp32')}, and with {argument('accuracy', True)}, whether {wanted} will do"
    )


def _streams(numbers: _Numbers, _: _Names) -> str:
    return (
        f"{numbers[0]:.0f} streams take {numbers[1]:.4f} ms, the layers one after the other "
        f"{numbers[2]:.4f} ms; check with {argument('serial', True)}"
    )


def _host_copies(numbers: _Numbers, names: _Names) -> str:
    return (
        f"{_counted(numbers)} with a copy to the host or from it, longest {names[0]}; the host "
        "waits for each: give the shapes or values as constants, and profile again"
    )


def _channels(numbers: _Numbers, names: _Names) -> str:
    count, ms, step, before, after = numbers
    return (
        f"{_count(count, 'convolution')} ({ms:.4f} ms) with channels that are not a multiple of "
        f"{step:.0f}, the worst {names[0]} with {before:.0f} in and {after:.0f} out; pad them in "
        "the model, and profile again"
    )


def _weights(numbers: _Numbers, names: _Names) -> str:
    count, ms, weight_bytes, moved = numbers
    return (
        f"{_count(count, 'memory-bound group')} ({ms:.4f} ms) with mostly weights to read: "
        f"{weight_bytes / 1e6:.1f} of {moved / 1e6:.1f} MB, longest {names[0]}; a larger batch "
        "reads them once for more items, 8-bit weights are half as large"
    )


def _slow(numbers: _Numbers, names: _Names) -> str:
    count, ms, own, usual, others = numbers
    return (
        f"{_count(count, 'group')} ({ms:.4f} ms) behind the others of the type, most "
        f"{names[0]}: {_part(own)} of its peak, where {others:.0f} others reach {_part(usual)} "
        "(median); look at tactic and shapes with inspect"
    )


def _opaque(numbers: _Numbers, _: _Names) -> str:
    return (
        f"{_counted(numbers)} without a list of what is inside, whose work is a lower bound; "
        "build the engine with detailed profiling verbosity"
    )


def _counted(numbers: _Numbers) -> str:
    return f"{_count(numbers[0], 'layer')} ({numbers[1]:.4f} ms, {numbers[2]:.1%} of all)"


def _part(part: float) -> str:
    """A percentage; below 1 % with two digits, so that 0.02 % is not 0.0 %."""
    return f"{part:.1%}" if part >= _SMALL_PART else f"{float(f'{100 * part:.2g}'):g}%"


def _count(number: float, noun: str) -> str:
    return f"{number:.0f} {noun}{'' if number == 1 else 's'}"


_TEXTS: dict[FindingKind, Callable[[_Numbers, _Names], str]] = {
    FindingKind.CUDA_GRAPH: _cuda_graph,
    FindingKind.GAPS: _gaps,
    FindingKind.LARGER_BATCH: _larger_batch,
    FindingKind.IO_REFORMAT: _io_reformat,
    FindingKind.REFORMAT: _reformat,
    FindingKind.PADDING: _padding,
    FindingKind.QUANTIZATION: _quantization,
    FindingKind.FALLBACK: _fallback,
    FindingKind.PINNED: _pinned,
    FindingKind.STREAMS: _streams,
    FindingKind.HOST_COPIES: _host_copies,
    FindingKind.CHANNELS: _channels,
    FindingKind.WEIGHTS: _weights,
    FindingKind.SLOW: _slow,
    FindingKind.OPAQUE: _opaque,
}
