"""``trtcore profile``: build, measure, print, save."""

from __future__ import annotations

import argparse
from pathlib import Path

from trtcore.accuracy import check_limit
from trtcore.api import profile_model, profile_plan
from trtcore.cli.baseline import prepare_baseline
from trtcore.cli.common import model_options, precision_options, run_options
from trtcore.cli.progress import Progress, notify, shown_progress
from trtcore.errors import OptionError
from trtcore.files import check_writable, write_file
from trtcore.precision_gate import require_precision
from trtcore.result import Profile

PLAN_SUFFIXES = (".plan", ".engine", ".trt")
_INTERRUPTED = 130


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    _check(options)
    if options.compare is not None:
        return _compare(options)
    baseline = prepare_baseline(options, is_built=is_plan(options.model))
    with shown_progress(options.quiet) as progress:
        profile = _profile(options, progress)
    if not options.quiet:
        _print(profile, options)
    _save(profile, options)
    if profile.counts.interrupted:
        return _INTERRUPTED
    interrupted = baseline is not None and baseline.show(profile, options)
    require_precision(profile, options.tolerance)
    return _INTERRUPTED if interrupted else 0


def _compare(options: argparse.Namespace) -> int:
    """Compares precisions; ends with an error, now that all is shown, if one is not as asked."""
    from trtcore.cli import precisions

    if is_plan(options.model):
        raise OptionError(f"{options.model} is built already: --compare needs the model")
    comparison = precisions.run(options)
    if any(profile.counts.interrupted for profile in comparison.profiles):
        return _INTERRUPTED
    comparison.require(options.tolerance)
    return 0


def is_plan(path: str) -> bool:
    """Whether a path names a serialized engine."""
    return Path(path).suffix.lower() in PLAN_SUFFIXES


def _check(options: argparse.Namespace) -> None:
    """Finds out before the long work what could not be done after it."""
    from trtcore.report.rows import View

    View(options.sort, options.top, options.group_by)
    if options.tolerance is not None:
        check_limit(options.tolerance)
    for path in (options.save, options.csv, options.save_engine):
        if path is not None:
            check_writable(path)


def _profile(options: argparse.Namespace, progress: Progress | None) -> Profile:
    tell = None if options.quiet else notify
    if not is_plan(options.model):
        path = options.save_engine
        return profile_model(
            options.model,
            keep_plan=None if path is None else lambda plan: write_file(path, plan),
            progress=progress,
            notify=tell,
            accuracy=options.accuracy or options.tolerance is not None,
            **model_options(options),
            **run_options(options),
        )
    return _profile_plan(options, progress)


def _profile_plan(options: argparse.Namespace, progress: Progress | None) -> Profile:
    given = model_options(options)
    if any(precision_options(options).values()):
        raise OptionError(f"{options.model} is built already: its precision cannot be chosen")
    if options.accuracy or options.tolerance is not None:
        raise OptionError(
            f"{options.model} is built already: comparing its outputs needs the model"
        )
    for name in ("weights", "outputs", "workspace_mib", "serial"):
        if given[name]:
            raise OptionError(f"{options.model} is built already: --{name} has no meaning for it")
    kept = {name: given[name] for name in ("backend", "batch", "shapes", "use_cache")}
    return profile_plan(
        options.model,
        progress=progress,
        notify=None if options.quiet else notify,
        **kept,
        **run_options(options),
    )


def _print(profile: Profile, options: argparse.Namespace) -> None:
    from rich.console import Console

    from trtcore.report.table import print_table

    print_table(profile, Console(), sort=options.sort, top=options.top, group_by=options.group_by)


def _save(profile: Profile, options: argparse.Namespace) -> None:
    if options.save is not None:
        from trtcore.schema import save_profile

        save_profile(profile, options.save)
    if options.csv is not None:
        from trtcore.report.tabular import write_csv

        write_csv(profile, options.csv)
