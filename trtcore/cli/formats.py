"""``--format``: a result in one of the forms of a report, printed or written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from trtcore.cli.own_options import VIEW
from trtcore.errors import OptionError
from trtcore.report.formats import FORMATS, Format
from trtcore.system.files import write_file

VIEW_DEFAULTS = {option.name: option.default for option in VIEW}


def chosen_format(options: argparse.Namespace) -> Format:
    """Returns the form that --format names.

    Raises:
        OptionError: there is no such form, or it takes no view and one is chosen.
    """
    if options.format not in FORMATS:
        raise OptionError(f"--format is '{options.format}', must be one of {', '.join(FORMATS)}")
    form = FORMATS[options.format]
    _check_view(options, form)
    if form.is_binary and getattr(options, "output_file", None) is None:
        raise OptionError(
            f"--format {options.format} is no text: save the result, and write it with "
            f"trtcore report --format {options.format} -o FILE"
        )
    return form


def profile_view(options: argparse.Namespace, form: Format) -> dict[str, Any]:
    """Returns what --sort and the like say of one profile, for a form that takes it."""
    names = VIEW_DEFAULTS if form.takes_view else ()
    return {name: getattr(options, name) for name in names}


def precisions_view(options: argparse.Namespace) -> dict[str, Any]:
    """Returns what --sort and the like say of a comparison of precisions."""
    return {name: getattr(options, name) for name in ("sort", "top", "full_names")}


def form_of_precisions(options: argparse.Namespace, form: Format) -> Format:
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


def give(result: Any, form: Format, options: argparse.Namespace, view: dict[str, Any]) -> None:
    """Prints a result, or writes it to --output-file."""
    path = getattr(options, "output_file", None)  # of report only
    if path is not None:
        # Escaped, not refused: names from other tools' files may hold lone surrogates.
        content = form.render(result, **view)
        if isinstance(content, str):
            content = content.encode(errors="backslashreplace")
        write_file(Path(path), content)
    elif form.show is not None:
        from trtcore.cli.screen import Screen

        form.show(result, Screen(), **view)
    else:
        sys.stdout.write(str(form.render(result, **view)))


def _check_view(options: argparse.Namespace, form: Format) -> None:
    """Raises OptionError if a view is chosen for a form that has none."""
    if form.takes_view:
        return
    for option, default in VIEW_DEFAULTS.items():
        if getattr(options, option) != default:
            tables = ", ".join(name for name, row in FORMATS.items() if row.takes_view)
            raise OptionError(
                f"--{option.replace('_', '-')} is about --format {tables}; {options.format} holds "
                "every layer as it is"
            )
