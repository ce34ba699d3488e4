"""``trtcore report``: a saved result in any form, without a GPU or TensorRT."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from trtcore.cli.outputs import check_outputs
from trtcore.cli.own_options import VIEW
from trtcore.cli.terminal import notify
from trtcore.compare.precisions.saved import parse_precisions
from trtcore.errors import OptionError
from trtcore.report.formats import FORMATS, Format
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.saved import is_precisions, parse_profile
from trtcore.system.files import read_text, write_file

_DEFAULTS = {option.name: option.default for option in VIEW}


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    if options.format not in FORMATS:
        raise OptionError(f"--format is '{options.format}', must be one of {', '.join(FORMATS)}")
    form = FORMATS[options.format]
    _check_view(options, form)
    check_outputs({"-o": options.output_file}, {"FILE": options.file})
    text = read_text(options.file)
    if is_precisions(text):
        form = _form_of_precisions(options, form)
        comparison = parse_precisions(text, options.file)
        view = {name: getattr(options, name) for name in ("sort", "top", "full_names")}
        _give(comparison, form, options, view)
        return 0
    profile = parse_profile(text, options.file)
    if options.peak is not None:
        profile = replace(profile, peaks=parse_peaks(options.peak))
    view = {name: getattr(options, name) for name in _DEFAULTS}
    _give(profile, form, options, view if form.takes_view else {})
    # After the text, on standard error: the formats of other tools have no place to say it.
    if form.left_out is not None and (line := form.left_out(profile)):
        notify(line)
    return 0


def _check_view(options: argparse.Namespace, form: Format) -> None:
    """Raises OptionError if a view is chosen for a form that has none."""
    if form.takes_view:
        return
    for option, default in _DEFAULTS.items():
        if getattr(options, option) != default:
            tables = ", ".join(name for name, row in FORMATS.items() if row.takes_view)
            raise OptionError(
                f"--{option.replace('_', '-')} is about the {tables}, and --format "
                f"{options.format} holds every layer as it is"
            )


def _form_of_precisions(options: argparse.Namespace, form: Format) -> Format:
    """The form of a comparison of precisions, whose rows have one grouping only."""
    if form.of_precisions is None:
        others = ", ".join(name for name, row in FORMATS.items() if row.of_precisions)
        raise OptionError(
            f"--format {options.format}: a comparison of precisions is a {others} only"
        )
    for option in ("peak", "cost", "findings"):
        if getattr(options, option):
            raise OptionError(f"--{option} is about one profile, not a comparison of precisions")
    if options.group_by != "layer":
        raise OptionError(
            f"--group-by {options.group_by}: a comparison of precisions has rows of its own, the "
            "nodes that belong together in all of them"
        )
    return form.of_precisions


def _give(result: Any, form: Format, options: argparse.Namespace, view: dict[str, Any]) -> None:
    """Prints a result, or writes it to --output-file."""
    if options.output_file is not None:
        # Escaped, not refused: names from other tools' files may hold lone surrogates.
        text = form.render(result, **view)
        write_file(Path(options.output_file), text.encode(errors="backslashreplace"))
    elif form.show is not None:
        from trtcore.cli.screen import Screen

        form.show(result, Screen(), **view)
    else:
        sys.stdout.write(form.render(result, **view))
