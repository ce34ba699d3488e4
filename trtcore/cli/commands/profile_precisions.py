"""``trtcore profile --compare``: several precisions, measured interleaved, in one table."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial

from trtcore.api.calls import compare_precisions
from trtcore.api.options.declaring import COMPARISON
from trtcore.cli.api_options import require_meanings, values_for
from trtcore.cli.formats import chosen_format, form_of_precisions, give, precisions_view
from trtcore.cli.outputs import save_all
from trtcore.cli.phases import print_phases
from trtcore.cli.terminal import notify, shown_progress, warn
from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.errors import RunError
from trtcore.result.phases import Phase, Stopwatch


def run(options: argparse.Namespace) -> tuple[PrecisionComparison, RunError | None, int]:
    """Builds, measures, saves and prints.

    Returns:
        The comparison, the error that ended the run before it had everything, and the exit code of
        saving it.

    Raises:
        OptionError: options without effect in a comparison.
    """
    require_meanings(options, COMPARISON)
    form_of_precisions(options, chosen_format(options))
    comparison, failure = _measured(options)
    profiles = tuple(
        replace(profile, command=options.command_line) for profile in comparison.profiles
    )
    comparison = replace(comparison, profiles=profiles)
    # Saved before it is printed, as printing may fail (a closed pipe).
    unsaved = _save(comparison, options)
    if options.quiet:
        from trtcore.report.content.warnings import precision_notes

        warn(precision_notes(comparison), comparison.profiles[0].counts)
    else:
        watch = Stopwatch()
        with watch.phase(Phase.REPORT):
            show(comparison, options)
        if options.verbose:
            print_phases((*comparison.phases, *watch.times))
    return comparison, failure, unsaved


def _measured(options: argparse.Namespace) -> tuple[PrecisionComparison, RunError | None]:
    try:
        with shown_progress(options.quiet) as progress:
            comparison = compare_precisions(
                options.model,
                [word for word in options.compare.split(",") if word],
                progress=progress,
                notify=notify,
                **values_for(options, COMPARISON),
            )
        return comparison, None
    except RunError as error:
        if not isinstance(error.result, PrecisionComparison):
            raise
        return error.result, error


def _save(comparison: PrecisionComparison, options: argparse.Namespace) -> int:
    savers = []
    if options.save is not None:
        from trtcore.compare.precisions.saved import save_precisions

        savers.append(partial(save_precisions, comparison, options.save))
    if options.html is not None:
        from trtcore.cli.html_page import write_page

        savers.append(partial(write_page, options.html, comparison, options.command_line))
    return save_all(*savers)


def show(comparison: PrecisionComparison, options: argparse.Namespace) -> None:
    """Prints a comparison."""
    form = form_of_precisions(options, chosen_format(options))
    give(comparison, form, options, precisions_view(options))
