"""``trtcore compare``: saved results, logs and other tools' files, and limits for CI."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from trtcore.cli.terminal import notify
from trtcore.compare.comparison import Comparison
from trtcore.compare.limits import Limit, LimitVerdict, judge, parse_limit
from trtcore.compare.profiles import compare_profiles
from trtcore.errors import OptionError, ResultError
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.readers.load import load_baselines

_LIMIT_BROKEN = 3


@dataclass(frozen=True)
class _Compared:
    """Two files, their comparison, and its verdict by the limits."""

    files: tuple[str, str]
    comparison: Comparison
    verdict: LimitVerdict


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code: 3 when a condition is broken."""
    if options.top is not None and options.top < 1:
        raise OptionError(f"--top is {options.top}, must be 1 or more")
    if options.full_names and options.json:
        raise OptionError("--full-names is about the tables, and --json holds every name in full")
    # Parsed first: a misspelt condition should not wait for files of a million samples.
    conditions = tuple(parse_limit(text) for text in options.fail_if)
    files = (options.base, *options.new)
    base, *news = map(Analysis, load_baselines(files, layer_info=options.layer_info))
    compared = [
        _compare((options.base, file), (base, new), conditions, options.allow_partial)
        for file, new in zip(options.new, news, strict=True)
    ]
    print(_render(compared, options))
    # On standard error, so that --json and --markdown stay one document.
    for one in compared:
        for row in (*one.verdict.broken, *one.verdict.doubtful):
            notify(f"{one.files[1]}: {row}")
    return _LIMIT_BROKEN if any(one.verdict.broken for one in compared) else 0


def _compare(
    files: tuple[str, str],
    sides: tuple[Analysis, Analysis],
    conditions: tuple[Limit, ...],
    allow_partial: bool,
) -> _Compared:
    """Compares and judges two files.

    Raises:
        ResultError: they cannot be compared.
        OptionError: a condition cannot be judged.
    """
    try:
        comparison = compare_profiles(*sides, allow_partial=allow_partial)
    except ResultError as error:
        raise ResultError(f"{files[0]} and {files[1]}: {error}") from None
    try:
        verdict = judge(comparison, conditions)
    except OptionError as error:
        raise OptionError(f"{files[1]}: {error}") from None
    return _Compared(files, comparison, verdict)


def _render(compared: list[_Compared], options: argparse.Namespace) -> str:
    if options.json:
        return _comparison_json(compared).rstrip()
    if options.markdown:
        texts = [_comparison_markdown(one, options.top, options.full_names) for one in compared]
    else:
        texts = [_render_text(one, options.top, options.full_names) for one in compared]
    return "\n\n".join(text.rstrip() for text in texts)


def _comparison_json(compared: list[_Compared]) -> str:
    from trtcore.report.export.comparison_json import comparison_tree, render_trees

    return render_trees(
        [comparison_tree(one.comparison, files=one.files, verdict=one.verdict) for one in compared]
    )


def _comparison_markdown(one: _Compared, top: int | None, full_names: bool) -> str:
    from trtcore.report.export.comparison_markdown import comparison_markdown

    return comparison_markdown(
        one.comparison, top=top, files=one.files, verdict=one.verdict, full_names=full_names
    )


def _render_text(one: _Compared, top: int | None, full_names: bool) -> str:
    from trtcore.cli.screen import Screen
    from trtcore.report.terminal.comparison import render_comparison

    width = Screen().table_width
    return render_comparison(
        one.comparison, top=top, width=width, files=one.files, full_names=full_names
    )
