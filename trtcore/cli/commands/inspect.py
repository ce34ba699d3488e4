"""``trtcore inspect``: I/O tensors, layers, formats and tactics of a plan or a saved result."""

from __future__ import annotations

import argparse

from trtcore.api.options.meaning import given_options
from trtcore.cli.api_options import api_values
from trtcore.cli.declared import api_options
from trtcore.errors import EngineLoadError, OptionError, ResultError
from trtcore.system.file_kind import HEAD_BYTES, JSON, PLAN, UNKNOWN, kind_of
from trtcore.system.files import check_readable, decode_text, read_content


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    path = options.file
    content = read_content(path, ResultError)
    kind = kind_of(content[:HEAD_BYTES])
    # UNKNOWN is let through: TensorRT may change the magic bytes of a plan, and refuses better.
    if kind not in (JSON, PLAN, UNKNOWN):
        raise ResultError(f"{path}: is {kind}, neither a saved result nor {PLAN}")
    if kind == JSON:
        _check_unused(options)
        print(_inspect_result(decode_text(content, path), path))
    else:
        print(_inspect_plan(options))
    return 0


def _check_unused(options: argparse.Namespace) -> None:
    for option, _ in given_options(api_options(), api_values(options)):
        raise OptionError(
            f"{option.spelling} is about a plan, and {options.file} is a saved result"
        )


def _inspect_result(text: str, path: str) -> str:
    from trtcore.report.terminal.engine import render_inspection
    from trtcore.result.saved import is_precisions, parse_profile

    if is_precisions(text):
        raise ResultError(
            f"{path}: is a comparison of precisions, of several profiles: 'trtcore report {path}' "
            "shows it"
        )
    return render_inspection(parse_profile(text, path))


def _inspect_plan(options: argparse.Namespace) -> str:
    from trtcore.api.calls import inspect_plan
    from trtcore.report.terminal.engine import render_plan

    check_readable(options.file, EngineLoadError)
    build, information = inspect_plan(options.file, **api_values(options))
    return render_plan(build, information, with_layers=True)
