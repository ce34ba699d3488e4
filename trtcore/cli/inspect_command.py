"""``trtcore inspect``: what is in a plan or a saved result."""

from __future__ import annotations

import argparse

from trtcore.errors import ResultError
from trtcore.file_kind import HEAD_BYTES, JSON, PLAN, UNKNOWN, kind_of
from trtcore.files import check_readable, read_text


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    path = check_readable(options.file, ResultError)
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    if kind not in (JSON, PLAN, UNKNOWN):
        raise ResultError(f"{path}: is {kind}, neither a saved result nor {PLAN}")
    print(_inspect_result(options.file) if kind == JSON else _inspect_plan(options))
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

    build, information = inspect_plan(
        options.file, backend=options.backend, plugins=options.plugins
    )
    return render_plan(build, information, with_layers=True)
