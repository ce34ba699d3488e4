"""``trtcore inspect``: what is in a plan or a saved result."""

from __future__ import annotations

import argparse

from trtcore.errors import ResultError
from trtcore.files import check_readable


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    path = check_readable(options.file, ResultError)
    with path.open("rb") as file:
        is_json = file.read(64).lstrip().startswith(b"{")
    print(_inspect_result(options.file) if is_json else _inspect_plan(options))
    return 0


def _inspect_result(path: str) -> str:
    from trtcore.report.inspect import render_inspection
    from trtcore.schema import load_profile

    return render_inspection(load_profile(path))


def _inspect_plan(options: argparse.Namespace) -> str:
    from trtcore.api import inspect_plan
    from trtcore.report.inspect import render_plan

    build, information = inspect_plan(options.file, backend=options.backend)
    return render_plan(build, information, with_layers=True)
