"""``trtcore report``: a saved result in any form, without a GPU or TensorRT."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from trtcore.cli.outputs import check_outputs
from trtcore.cli.terminal import notify
from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.compare.precisions.saved import parse_precisions
from trtcore.errors import OptionError
from trtcore.result.records import Profile
from trtcore.result.saved import is_precisions, parse_profile
from trtcore.system.files import read_text, write_file

FORMATS = (
    "table",
    "csv",
    "trtexec-profile",
    "trtexec-layers",
    "trtexec-times",
    "perfetto",
)


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    if options.format not in FORMATS:
        raise OptionError(f"--format is '{options.format}', must be one of {', '.join(FORMATS)}")
    _check_view(options)
    check_outputs({"-o": options.output_file}, {"FILE": options.file})
    text = read_text(options.file)
    if is_precisions(text):
        return _report_precisions(parse_precisions(text, options.file), options)
    profile = parse_profile(text, options.file)
    if options.format == "table" and options.output_file is None:
        _print_table(profile, options)
        return 0
    _write(render(profile, options), options.output_file)
    _say_what_is_missing(profile, options.format)
    return 0


def _check_view(options: argparse.Namespace) -> None:
    """Refuses what only a table can have where another form is asked for."""
    for option, default in (("sort", "order"), ("group_by", "layer"), ("top", None)):
        if options.format != "table" and getattr(options, option) != default:
            raise OptionError(
                f"--{option.replace('_', '-')} is about the table, and --format {options.format} "
                "holds every layer as it is"
            )


def _say_what_is_missing(profile: Profile, form: str) -> None:
    """A file of single iterations has only late ones of a streamed run, and no room to say."""
    if form not in ("trtexec-times", "perfetto"):
        return
    from trtcore.report.export.perfetto import ITERATIONS
    from trtcore.report.export.timeline import first_iteration

    if first := first_iteration(profile.samples):
        kept = len(profile.samples.wall_ms)
        shown = min(ITERATIONS, kept) if form == "perfetto" else kept
        words = f"the first {shown} of the last {kept}" if shown < kept else f"the last {kept}"
        notify(f"the run was streamed: of {first + kept} iterations {words} are written")


def _report_precisions(comparison: PrecisionComparison, options: argparse.Namespace) -> int:
    if options.format != "table":
        raise OptionError(f"--format {options.format}: a comparison of precisions is a table only")
    if options.group_by != "layer":
        raise OptionError(
            f"--group-by {options.group_by}: a comparison of precisions has rows of its own, the "
            "nodes that belong together in all of them"
        )
    if options.output_file is None:
        from trtcore.cli.commands.profile_precisions import show

        show(comparison, options)
        return 0
    from trtcore.report.terminal.precisions import render_precisions

    text = render_precisions(comparison, sort=options.sort, top=options.top)
    _write(text + "\n", options.output_file)
    return 0


def render(profile: Profile, options: argparse.Namespace) -> str:
    """The result in the form that was asked for."""
    if options.format == "table":
        from trtcore.report.terminal.profile import render_table

        view = {"sort": options.sort, "top": options.top, "group_by": options.group_by}
        return render_table(profile, **view) + "\n"
    if options.format == "csv":
        from trtcore.report.export.csv import render_csv

        return render_csv(profile)
    if options.format == "perfetto":
        from trtcore.report.export.perfetto import render_trace

        return render_trace(profile)
    from trtcore.report.export import trtexec

    exports = {
        "trtexec-profile": trtexec.export_profile,
        "trtexec-layers": trtexec.export_layer_info,
        "trtexec-times": trtexec.export_times,
    }
    return exports[options.format](profile)


def _print_table(profile: Profile, options: argparse.Namespace) -> None:
    from trtcore.cli.screen import Screen
    from trtcore.report.terminal.profile import print_table

    print_table(profile, Screen(), sort=options.sort, top=options.top, group_by=options.group_by)


def _write(text: str, path: str | None) -> None:
    if path is None:
        sys.stdout.write(text)
    else:
        write_file(Path(path), text.encode(errors="backslashreplace"))
