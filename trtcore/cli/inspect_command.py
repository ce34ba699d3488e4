"""``trtcore inspect``: what is in a plan or a saved result."""

from __future__ import annotations

import argparse
import codecs

from trtcore.errors import ResultError
from trtcore.files import check_readable, read_text


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    path = check_readable(options.file, ResultError)
    with path.open("rb") as file:
        head = file.read(64).removeprefix(codecs.BOM_UTF8)
    is_json = head.lstrip().startswith(b"{")
    print(_inspect_result(options.file) if is_json else _inspect_plan(options))
    return 0


def _inspect_result(path: str) -> str:
    from trtcore.precision_file import is_precisions
    from trtcore.report.inspect import render_inspection
    from trtcore.schema import parse_profile

    text = read_text(path)
    if is_precisions(text):
        raise ResultError(
            f"{path}: is a comparison of precisions, of several profiles: 'trtcore report {path}' "
            "shows it"
        )
    return render_inspection(parse_profile(text, path))


def _inspect_plan(options: argparse.Namespace) -> str:
    from trtcore.api import inspect_plan
    from trtcore.report.inspect import render_plan

    build, information = inspect_plan(options.file, backend=options.backend)
    return render_plan(build, information, with_layers=True)
