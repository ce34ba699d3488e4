"""The block under a table that leads from the sum of the layer times to the latency."""

from __future__ import annotations

from trtcore.explain import explain, rounded
from trtcore.passes import PASSES
from trtcore.reconcile import reconcile_profile
from trtcore.result import Profile
from trtcore.statistics import summarise_series

Figure = tuple[str, str, str]


def reconciliation_facts(profile: Profile) -> tuple[Figure, ...]:
    """Returns a label, a time and words for every line; empty without gated passes."""
    result = reconcile_profile(profile)
    if result is None:
        return ()
    series = {one.work: summarise_series(profile.samples, one.series) for one in PASSES if one.work}
    latencies = {work: times.median_ms for work, times in series.items() if times}
    interval = profile.event_cost.interval if profile.event_cost else None
    return tuple(
        (line.label[:1].upper() + line.label[1:], _ms(line.ms), line.words)
        for line in explain(result, latencies, interval)
    )


def _ms(ms: float) -> str:
    return f"{rounded(ms, 4):.4f} ms"
