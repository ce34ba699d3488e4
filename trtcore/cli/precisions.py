"""``trtcore profile --compare``: several precisions in turns, one table."""

from __future__ import annotations

import argparse

from trtcore.api import compare_precisions
from trtcore.cli.common import model_options, run_options
from trtcore.cli.progress import notify, shown_progress
from trtcore.errors import OptionError
from trtcore.precision_comparison import PrecisionComparison

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


def run(options: argparse.Namespace) -> PrecisionComparison:
    """Builds, measures, prints and saves.

    Raises:
        OptionError: options that a comparison has no use for.
    """
    _check(options)
    with shown_progress(options.quiet) as progress:
        comparison = compare_precisions(
            options.model,
            [word for word in options.compare.split(",") if word],
            progress=progress,
            notify=None if options.quiet else notify,
            accuracy=options.accuracy or options.tolerance is not None,
            **model_options(options),
            **run_options(options),
        )
    if not options.quiet:
        show(comparison, options)
    if options.save is not None:
        from trtcore.precision_file import save_precisions

        save_precisions(comparison, options.save)
    return comparison


def show(comparison: PrecisionComparison, options: argparse.Namespace) -> None:
    """Prints a comparison."""
    from rich.console import Console

    from trtcore.report.precisions import print_precisions

    print_precisions(comparison, Console(), sort=options.sort, top=options.top)


def _check(options: argparse.Namespace) -> None:
    for name, default in _USELESS.items():
        if getattr(options, name) != default:
            raise OptionError(f"--{name.replace('_', '-')} has no meaning with --compare")
    if options.precision or options.fp16 or options.half2:
        raise OptionError("--compare names the precisions: leave --precision and its short forms")
