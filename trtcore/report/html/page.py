"""The page: one result, several side by side, or a comparison of precisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.errors import OptionError
from trtcore.report.content.headline import Trust, setting_text, trust_strip, verdict_text
from trtcore.report.content.printable import printable
from trtcore.report.content.times.reconciliation import reconciliation_facts
from trtcore.report.content.times.spread import layer_spread, series_spreads
from trtcore.report.content.times.steps import latency_steps
from trtcore.report.content.warnings import profile_warnings
from trtcore.report.html.compared import Compared, compare_all, precisions_side_by_side
from trtcore.report.html.embed import figure, packed_spread, policy, safe_json
from trtcore.report.html.layers import LayerTable, table_and_data
from trtcore.report.html.libraries import environment, own_file, own_script, plotly_script
from trtcore.report.html.roofline import roofline_data
from trtcore.report.html.rounds import round_data, round_table
from trtcore.report.html.sections import environment_facts, sections_of, time_facts
from trtcore.report.html.tables import Section, Table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile

MOST_RESULTS = 3
_LAYER_POINTS = 60
"""Of the series of a layer: with 5,000 layers 0.8 MB in all."""
_PASS_POINTS = 400
"""Of the series of a pass, of which there are five at most: a point for each pixel or two."""


class ResultView(NamedTuple):
    """One result as the template needs it; ``data`` is what its script draws."""

    key: str
    name: str
    setting: str
    verdict: str
    trust: tuple[Trust, ...]
    reconciliation: tuple[tuple[str, str, str], ...]
    layers: LayerTable
    sections: tuple[Section, ...]
    passes: tuple[str, ...]
    has_layer_times: bool
    rounds: Table | None
    times: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    data: str


def render_html(
    results: Profile | PrecisionComparison | Sequence[Profile],
    *,
    names: Sequence[str] = (),
    commands: Sequence[tuple[str, str]] = (),
    allow_partial: bool = False,
) -> str:
    """Returns a page with everything that it needs inside, which makes no request.

    Args:
        results: a result, up to three to compare with the first, or a comparison of precisions.
        names: what the results are called, such as their files; empty for their models' names.
        commands: labels and command lines to copy, such as what made the report.
        allow_partial: compare results although their models are not the same.

    Raises:
        OptionError: the extra ``report`` is not installed, or there are too many results.
        ResultError: results that cannot be compared.
    """
    templates = environment()
    analyses, names, compared = _compare(results, tuple(names), allow_partial=allow_partial)
    views = [_view(i, *pair) for i, pair in enumerate(zip(analyses, names, strict=True))]
    scripts = plotly_script(), own_script()
    page: str = templates.get_template("page.html.j2").render(
        results=views,
        compared=compared,
        compared_data=safe_json([one.data for one in compared]),
        commands=printable(tuple(commands)),
        style=own_file("report.css"),
        scripts=scripts,
        policy=policy(scripts),
    )
    return page


def _compare(
    results: Profile | PrecisionComparison | Sequence[Profile],
    names: tuple[str, ...],
    *,
    allow_partial: bool,
) -> tuple[list[Analysis], tuple[str, ...], tuple[Compared, ...]]:
    """The results, what each is called, and their comparisons."""
    # Names come from files: what controls a terminal or reorders text is shown escaped.
    if isinstance(results, PrecisionComparison):
        comparison = printable(results)
        analyses = [Analysis(profile) for profile in comparison.profiles]
        return analyses, comparison.precisions, (precisions_side_by_side(comparison),)
    profiles = [results] if isinstance(results, Profile) else list(results)
    if not 0 < len(profiles) <= MOST_RESULTS:
        raise OptionError(
            f"{len(profiles)} results: an HTML report shows 1 to {MOST_RESULTS} side by side"
        )
    analyses = [Analysis(printable(profile)) for profile in profiles]
    names = printable(names or tuple(profile.model.name for profile in profiles))
    return analyses, names, compare_all(analyses, names, allow_partial=allow_partial)


def _view(place: int, analysis: Analysis, name: str) -> ResultView:
    table, data = table_and_data(analysis)
    passes = series_spreads(analysis.profile.samples, _PASS_POINTS)
    layers = layer_spread(analysis.profile, _LAYER_POINTS)
    data |= _drawn(analysis)
    data["passes"] = [[title, packed_spread(spread)] for title, spread in passes.items()]
    data["spread"] = packed_spread(layers) if layers else None
    data["rounds"] = round_data(analysis.profile)
    return ResultView(
        key=f"r{place}",
        name=name,
        setting=setting_text(analysis),
        verdict=verdict_text(analysis),
        trust=trust_strip(analysis),
        reconciliation=reconciliation_facts(analysis),
        layers=table,
        sections=sections_of(analysis),
        passes=tuple(passes),
        has_layer_times=layers is not None,
        rounds=round_table(analysis.profile),
        times=time_facts(analysis),
        environment=environment_facts(analysis),
        warnings=profile_warnings(analysis),
        data=safe_json(data),
    )


def _drawn(analysis: Analysis) -> dict[str, Any]:
    return {
        "roofline": roofline_data(analysis),
        "steps": [(step.label, figure(step.ms), step.is_total) for step in latency_steps(analysis)],
    }
