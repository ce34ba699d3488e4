"""What changed between two profiles of one model, layer by layer, however each of them was fused.

Rows are the smallest sets of model nodes that both profiles can be timed for, so fp32 compares
with fp16, TensorRT with Caffe, and last week's TensorRT with this week's.
``python -m trtcore.compare BASE NEW`` is the same as ``trtcore compare BASE NEW``.
"""

from __future__ import annotations

from trtcore.compare.alignment import Side, Span, align, spans
from trtcore.compare.attribution import coverage_notes, find_doubt, without_doubtful
from trtcore.compare.comparison import (
    APPEARED,
    ELIMINATED,
    GPU_TIME,
    LATENCY,
    REFUSED,
    SAME,
    VANISHED,
    Change,
    Comparison,
)
from trtcore.compare.gated import TOTALS, gated_row, have_both
from trtcore.compare.significance.noise import RowTimes, judge_rows, judge_total
from trtcore.compare.significance.processes import (
    FEWEST_PROCESSES,
    both_have_processes,
    process_layers,
    series_times,
)
from trtcore.compare.significance.times import LayerTimes, SampledTimes, sample_series, time_layers
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.summary import profiled_iterations
from trtcore.result.checks import check_times
from trtcore.result.readers.trtexec_times import has_no_layers
from trtcore.result.records.profile import Profile
from trtcore.stats.histogram import ACCURACY

SUMMED = "one forward pass, summed over layers"
"""What a total is called where not both sides have an un-profiled latency."""

SHARED = "nodes that both have"
"""What a total is called where, besides, one side lacks nodes that it must have run."""


REST = "stream sync and unattributed"
"""The row of layers that belong to no nodes."""


def compare_profiles(
    base: Profile | Analysis,
    new: Profile | Analysis,
    *,
    allow_partial: bool = False,
    names: tuple[str, str] | None = None,
) -> Comparison:
    """Compares two profiles of one model.

    Args:
        base: before; its analysis if there is one already.
        new: after, likewise.
        allow_partial: go on although the models are not the same; what only one has is listed.
        names: labels of the two in error messages, such as the files they come from; None for
            their models' names.

    Raises:
        ResultError: not the same model, nothing measured, or an impossible time.
    """
    analyses = (Analysis.of(base), Analysis.of(new))
    for i, profile in enumerate(analysis.profile for analysis in analyses):
        check_times(profile, names[i] if names else f"'{profile.model.name}' ({profile.backend})")
    sides = align(*analyses, allow_partial=allow_partial, names=names)
    before, after = _times(*sides)
    if any(has_no_layers(side.profile) for side in sides):
        return _of_whole_inferences(analyses, _total(before, after, ()))
    row_spans = spans(*sides)
    total = _total(before, after, row_spans)
    doubt = find_doubt(row_spans, before, after)
    rows = without_doubtful(_rows(row_spans, before, after), doubt)
    return Comparison(
        base=analyses[0].profile,
        new=analyses[1].profile,
        rows=tuple(sorted(rows, key=lambda row: -abs(row.difference_ms))),
        total=total,
        layers=_sum("time over all layers", before.all_layers, after.all_layers),
        rest=_sum(REST, *(_rest(side) for side in (before, after))),
        notes=(*_notes(*analyses, total), *coverage_notes(before, after, doubt)),
        gated=gated_row(sides[0].profile, sides[1].profile),
    )


def _of_whole_inferences(analyses: tuple[Analysis, Analysis], total: Change) -> Comparison:
    """A comparison without rows: one side has no layers that they could be of."""
    return Comparison(
        base=analyses[0].profile,
        new=analyses[1].profile,
        rows=(),
        total=total,
        layers=total,
        rest=Change(REST, 0.0, 0.0),
        notes=_notes(*analyses, total),
    )


def _times(base: Side, new: Side) -> tuple[LayerTimes, LayerTimes]:
    """The times of both sides: over processes where both have them, else over iterations."""
    # Two seeds: drawn alike, both sides would scatter together and hide how sure a ratio is.
    first, second = base.profile.processes, new.profile.processes
    if first is None or second is None or not both_have_processes(base.profile, new.profile):
        return time_layers(base, 0), time_layers(new, 1)
    return process_layers(base, first, 0), process_layers(new, second, 1)


def _rows(row_spans: tuple[Span, ...], base: LayerTimes, new: LayerTimes) -> list[Change]:
    """One row for each set of nodes; those that both sides have are judged."""
    sums = (
        base.times.sums(span.base_layers for span in row_spans),
        new.times.sums(span.new_layers for span in row_spans),
    )
    rows = [
        _change(span, float(sums[0].medians[i]), float(sums[1].medians[i]), base.side, new.side)
        for i, span in enumerate(row_spans)
    ]
    both = [i for i, span in enumerate(row_spans) if span.base_layers and span.new_layers]
    before, after = (
        RowTimes(times.sums([i] for i in both), side.all_layers)
        for times, side in zip(sums, (base, new), strict=True)
    )
    step_ms = max(base.step_ms, new.step_ms)
    judged = judge_rows([rows[i] for i in both], before, after, step_ms)
    known = dict(zip(both, judged, strict=True))
    return [known.get(i, row) for i, row in enumerate(rows)]


def _change(span: Span, base_ms: float, new_ms: float, base: Side, new: Side) -> Change:
    return Change(
        name=" + ".join(span.nodes),
        base_ms=base_ms,
        new_ms=new_ms,
        kind=_kind(span, new),
        nodes=span.nodes,
        base_layers=tuple(base.profile.layers[i].name for i in span.base_layers),
        new_layers=tuple(new.profile.layers[i].name for i in span.new_layers),
        order=min(span.new_layers or span.base_layers),
    )


def _kind(span: Span, new: Side) -> str:
    if span.is_refused:
        return REFUSED
    if not span.new_layers:
        free = {*new.fusion.eliminated, *new.fusion.folded}
        return ELIMINATED if free.issuperset(span.nodes) else VANISHED
    return SAME if span.base_layers else APPEARED


def _total(base: LayerTimes, new: LayerTimes, row_spans: tuple[Span, ...]) -> Change:
    """The best that both sides have: a sum over layers is compared with nothing but another."""
    # GPU time first, as the latency holds the host's part too. The steps of the host's clock are
    # far below what latencies scatter, so that there is no least difference (0.0).
    profiles = (base.side.profile, new.side.profile)
    pair = (profiles[0].samples, profiles[1].samples)
    step_ms = max(base.step_ms, new.step_ms)
    for name, series, step in (
        (GPU_TIME, "gpu_ms", step_ms),
        (LATENCY, "wall_ms", 0.0),
    ):
        # A single sample is another tool's mean, of which no noise can be judged.
        if all(getattr(samples, series).size > 1 for samples in pair):
            before, after = series_times(*profiles, series)
            return judge_total(name, before, after, step, TOTALS if have_both(*profiles) else 1)
    if all(samples.wall_ms.size for samples in pair):
        before, after = (sample_series(own, "wall_ms") for own in pair)
        return _sum("one forward pass", before, after)
    if any(_is_lacking(span, base.side, new.side) for span in row_spans):
        both = [span for span in row_spans if span.base_layers and span.new_layers]
        before, after = (
            side.times.sums([[i for span in both for i in getattr(span, layers)]])
            for side, layers in ((base, "base_layers"), (new, "new_layers"))
        )
        return judge_total(SHARED, before, after, step_ms)
    return judge_total(SUMMED, base.all_layers, new.all_layers, step_ms)


def _is_lacking(span: Span, base: Side, new: Side) -> bool:
    """Whether one side did not time what it has to run: a log that is not whole."""
    if span.base_layers and span.new_layers:
        return False
    side = new if span.base_layers else base
    free = {*side.fusion.eliminated, *side.fusion.folded}
    known = {node.name for node in side.profile.model.nodes}
    return any(node in known and node not in free for node in span.nodes)


def _rest(side: LayerTimes) -> SampledTimes:
    return side.times.sums([side.rest])


def _sum(name: str, base: SampledTimes, new: SampledTimes) -> Change:
    """A row that is not judged."""
    return Change(name, float(base.medians[0]), float(new.medians[0]))


def _notes(base: Analysis, new: Analysis, total: Change) -> tuple[str, ...]:
    notes, profiles = [], (base.profile, new.profile)
    for word, values in (
        ("batch", [profile.batch for profile in profiles]),
        ("device", [profile.environment.device for profile in profiles]),
    ):
        if all(values) and values[0] != values[1]:
            notes.append(f"{word} differs: {values[0]} in base, {values[1]} in new")
    has_wall = [bool(profile.samples.wall_ms.size) for profile in profiles]
    if has_wall[0] != has_wall[1] and total.name in (SUMMED, SHARED):
        notes.append(
            f"{'new' if has_wall[0] else 'base'} has no un-profiled latency: the total is a sum "
            "over layers on both sides, with what profiling costs each tool in it"
        )
    notes += _process_notes(*profiles)
    return (*notes, *_side_notes("base", base), *_side_notes("new", new))


def _process_notes(base: Profile, new: Profile) -> list[str]:
    counts = [side.processes.count if side.processes else 1 for side in (base, new)]
    if both_have_processes(base, new):
        return [f"judged by how far processes lie apart: {counts[0]} in base, {counts[1]} in new"]
    if max(counts) == 1:
        return []
    return [
        f"processes: {counts[0]} in base, {counts[1]} in new; {FEWEST_PROCESSES} on each side are "
        "needed to judge by how far they lie apart, so iterations of one are compared"
    ]


def _side_notes(word: str, analysis: Analysis) -> list[str]:
    notes, profile = [], analysis.profile
    if profile.samples.layer_histograms is not None:
        notes.append(
            f"{word} was streamed: medians and percentiles of its {profiled_iterations(profile)} "
            f"iterations are within {ACCURACY:.1%}; autocorrelation estimated from the last "
            f"{len(profile.samples.layer_ms)}"
        )
    if has_no_layers(profile):
        notes.append(
            f"{word} has times of whole inferences only: no layers are compared, and that it is of "
            "the same model was not checked"
        )
    if profiled_iterations(profile) == 1:
        notes.append(f"{word} holds one figure per layer, so noise cannot be judged")
    return notes
