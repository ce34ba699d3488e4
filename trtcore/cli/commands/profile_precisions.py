"""``trtcore profile --compare``: several precisions in turns, one table."""

from __future__ import annotations

import argparse
from functools import partial

from trtcore.api.calls import compare_precisions
from trtcore.cli.api_options import model_options, run_options
from trtcore.cli.outputs import save_all
from trtcore.cli.terminal import notify, shown_progress, warn
from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.errors import OptionError
from trtcore.precision.formats import flags

# Options that a comparison has no use for, with their defaults.
_USELESS = {
    "csv": None,
    "save_engine": None,
    "baseline": None,
    "layer_info": None,
    "allow_partial": False,
    "stream": None,
    "timing": "events",
    "group_by": "layer",
}


def run(options: argparse.Namespace) -> tuple[PrecisionComparison, int]:
    """Builds, measures, saves and prints.

    Returns:
        The comparison, and the exit code of saving it.

    Raises:
        OptionError: options that a comparison has no use for.
    """
    _check(options)
    with shown_progress(options.quiet) as progress:
        comparison = compare_precisions(
            options.model,
            [word for word in options.compare.split(",") if word],
            progress=progress,
            notify=notify,
            accuracy=options.accuracy or options.tolerance is not None,
            **model_options(options),
            **run_options(options),
        )
    unsaved = 0
    if options.save is not None:
        from trtcore.compare.precisions.saved import save_precisions

        unsaved = save_all(partial(save_precisions, comparison, options.save))
    if options.quiet:
        from trtcore.report.content.warnings import precision_notes

        warn(precision_notes(comparison))
    else:
        show(comparison, options)
    return comparison, unsaved


def show(comparison: PrecisionComparison, options: argparse.Namespace) -> None:
    """Prints a comparison."""
    from trtcore.cli.screen import Screen
    from trtcore.report.terminal.precisions import print_precisions

    print_precisions(comparison, Screen(), sort=options.sort, top=options.top)


def _check(options: argparse.Namespace) -> None:
    for name, default in _USELESS.items():
        if getattr(options, name) != default:
            raise OptionError(f"--{name.replace('_', '-')} has no meaning with --compare")
    if options.precision or any(getattr(options, flag) for flag in flags()):
        raise OptionError("--compare names the precisions: leave --precision and its short forms")
