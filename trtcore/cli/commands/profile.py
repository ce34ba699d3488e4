"""``trtcore profile``: build, measure, print, save."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from trtcore.api.calls import profile_model, profile_plan
from trtcore.api.options.declaring import MODEL, PLAN
from trtcore.cli.api_options import OF_LOADING, require_meanings, values_for
from trtcore.cli.commands.profile_baseline import prepare_baseline
from trtcore.cli.formats import chosen_format, give, profile_view
from trtcore.cli.inputs import input_file
from trtcore.cli.named_model import NamedModel
from trtcore.cli.outputs import check_outputs, save_all
from trtcore.cli.phases import print_phases
from trtcore.cli.terminal import notify, shown_progress, warn
from trtcore.cli.termination import INTERRUPTED
from trtcore.errors import OptionError, RunError
from trtcore.report.formats import default_format
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.given_peaks import MEASURE
from trtcore.result.analysis.requirements import check_limit, require_precision
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.profile import Profile
from trtcore.system.file_kind import PLAN_SUFFIXES
from trtcore.system.files import write_file
from trtcore.system.progress import Progress


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    _check(options)
    if options.compare is not None:
        return _compare(options)
    require_meanings(options, PLAN if is_plan(options.model) else MODEL)
    model = None if is_plan(options.model) else NamedModel(options)
    # Before the build: a baseline that cannot be had should not cost a finished run.
    baseline = prepare_baseline(options, model)
    kept = _KeptPlan(options.save_engine)
    profile, failure = _measured(options, model, kept)
    profile = replace(profile, command=options.command_line)
    analysis = Analysis(profile)
    unsaved = _save(analysis, options, model) or kept.code
    if options.quiet:
        from trtcore.report.content.warnings import profile_warnings

        warn(profile_warnings(analysis), profile.counts)
    else:
        _print_timed(analysis, options)
    if failure is not None:  # last, as its line is all that standard error has to say
        raise failure
    # After Ctrl-C nothing more is measured or judged: half a run proves no tolerance.
    if profile.counts.interrupted:
        return INTERRUPTED
    interrupted = baseline is not None and baseline.show(analysis, options)
    # Last, so that whoever exceeds the tolerance has the report and the file to see by how much.
    require_precision(profile, options.tolerance)
    return INTERRUPTED if interrupted else unsaved


def _compare(options: argparse.Namespace) -> int:
    """Compares precisions; once all is shown, raises an error if a tolerance is exceeded."""
    from trtcore.cli.commands import profile_precisions

    if is_plan(options.model):
        raise OptionError(f"{options.model} is built already: --compare needs the model")
    comparison, failure, unsaved = profile_precisions.run(options)
    if failure is not None:
        raise failure
    if any(profile.counts.interrupted for profile in comparison.profiles):
        return INTERRUPTED
    comparison.require(options.tolerance)
    return unsaved


def is_plan(path: str) -> bool:
    """Whether a path names a serialized engine."""
    return Path(path).suffix.lower() in PLAN_SUFFIXES


def _check(options: argparse.Namespace) -> None:
    """Checks before the long work whatever only matters after it."""
    from trtcore.report.content.rows.rows import View

    # Raises on a bad --sort, --top or --group-by; the table itself is made after the run.
    View(options.sort, options.top, options.group_by)
    _check_format(options)
    if options.tolerance is not None:
        check_limit(options.tolerance)
    if options.html is not None:
        from trtcore.report.html.libraries import require_libraries

        require_libraries()
    outputs = {
        "--save": options.save,
        "--csv": options.csv,
        "--html": options.html,
        "--annotate": options.annotate,
        "--save-engine": options.save_engine,
    }
    inputs = {
        "MODEL": options.model,
        "--weights": options.weights,
        "--input": input_file(options.inputs),
        "--baseline": options.baseline,
        "--layer-info": options.layer_info,
    }
    check_outputs(outputs, inputs)


def _check_format(options: argparse.Namespace) -> None:
    """Raises OptionError for a form that the rest of the output would make unreadable."""
    chosen_format(options)
    if options.format in (default_format(), "plain"):
        return
    for option in ("baseline", "verbose", "quiet"):
        if getattr(options, option):
            raise OptionError(
                f"--{option} and --format {options.format}: standard output holds the result in "
                "that form only; save it, and make the form with trtcore report"
            )


def _measured(
    options: argparse.Namespace, model: NamedModel | None, kept: _KeptPlan
) -> tuple[Profile, RunError | None]:
    """The profile; where an error ended the run, what was measured before it, and the error."""
    try:
        with shown_progress(options.quiet) as progress:
            return _profile(options, model, kept, progress), None
    except RunError as error:
        if not isinstance(error.result, Profile):
            raise
        return error.result, error


class _KeptPlan:
    """Saves a plan once it is built; a failure to do so does not end the run."""

    def __init__(self, path: str | None) -> None:
        self.path = path
        self.code = 0

    def save(self, plan: bytes) -> None:
        """Writes the plan and keeps the exit code."""
        self.code = save_all(partial(write_file, str(self.path), plan))


def _profile(
    options: argparse.Namespace,
    model: NamedModel | None,
    kept: _KeptPlan,
    progress: Progress | None,
) -> Profile:
    tell = None if options.quiet else notify
    given = values_for(options, PLAN if model is None else MODEL)
    if given["peak"] is None and (options.cost or options.html is not None):
        # Both show how near rows are to the peaks, which is nothing without them.
        given["peak"] = MEASURE
    if model is None:
        return profile_plan(options.model, progress=progress, notify=tell, **given)
    return profile_model(
        model,
        keep_plan=None if kept.path is None else kept.save,
        progress=progress,
        notify=tell,
        **{name: value for name, value in given.items() if name not in OF_LOADING},
    )


def _print_timed(analysis: Analysis, options: argparse.Namespace) -> None:
    """Prints the report, and then where the time went if that is requested."""
    watch = Stopwatch()
    with watch.phase(Phase.REPORT):
        _print(analysis, options)
    if options.verbose:
        print_phases((*analysis.profile.phases, *watch.times))


def _print(analysis: Analysis, options: argparse.Namespace) -> None:
    form = chosen_format(options)
    give(analysis, form, options, profile_view(options, form))


def _save(analysis: Analysis, options: argparse.Namespace, model: NamedModel | None) -> int:
    """Saves before anything is printed, as printing may fail; returns the exit code."""
    from trtcore.cli.annotated import write_annotated
    from trtcore.report.export.csv import write_csv
    from trtcore.result.saved import save_profile

    requested = (
        (partial(save_profile, analysis.profile), options.save),
        (partial(write_csv, analysis), options.csv),
        (lambda path: _write_page(path, analysis.profile, options), options.html),
        (partial(write_annotated, analysis, options.model, model=model), options.annotate),
    )
    return save_all(*(partial(save, path) for save, path in requested if path is not None))


def _write_page(path: str, profile: Profile, options: argparse.Namespace) -> None:
    from trtcore.cli.html_page import write_page

    write_page(path, profile, options.command_line)
