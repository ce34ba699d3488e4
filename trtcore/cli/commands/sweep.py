"""``trtcore sweep``: every combination of models, batches and precisions, on every GPU."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from trtcore.cli.api_options import api_values, parse_io_formats, parse_shapes
from trtcore.cli.declared import api_options
from trtcore.cli.outputs import check_outputs, save_all
from trtcore.cli.plan_file import PlanFile, is_plan_file, read_plan_file
from trtcore.cli.terminal import notify, shown_progress
from trtcore.errors import OptionError
from trtcore.report.html.libraries import require_libraries
from trtcore.sweeps.cells import SweptModel
from trtcore.sweeps.declarations import sweep_options
from trtcore.sweeps.store import Store
from trtcore.sweeps.sweep import sweep
from trtcore.sweeps.table import SweepTable, read_table
from trtcore.system.files import write_file
from trtcore.system.quotations import quoted
from trtcore.system.whole_numbers import whole_number

# As `trtcore.cli.INTERRUPTED`; importing it from there would be a circle.
_INTERRUPTED = 130
_FAILED = 1


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code: 1 where cells of the plan have no result."""
    plan = _plan(options)
    output = options.output_dir or plan.output
    if not output:
        raise OptionError("-o DIR is missing: name a folder for the results")
    if options.html:
        require_libraries()
    check_outputs({"--csv": options.csv, "--json": options.json, "--html": options.html}, {})
    tell = None if options.quiet else notify
    try:
        with shown_progress(options.quiet) as progress:
            table = sweep(plan.models, output, progress=progress, notify=tell, **plan.options)
    except KeyboardInterrupt:
        notify("interrupted: what is done is kept; the same command goes on from there")
        _show(read_table(Store(output)), options)
        return _INTERRUPTED
    unsaved = _show(table, options)
    return unsaved or (0 if table.is_complete else _FAILED)


def _show(table: SweepTable, options: argparse.Namespace) -> int:
    """Saves before anything is printed, as printing may fail; returns the exit code."""
    from trtcore.sweeps.export import render_csv, render_json

    wanted = ((options.csv, render_csv), (options.json, render_json))
    code = save_all(
        *(partial(write_file, path, render(table).encode()) for path, render in wanted if path),
        *([partial(_write_page, options.html, table)] if options.html else []),
    )
    if not options.quiet:
        from trtcore.cli.screen import Screen
        from trtcore.cli.sweep_table import sweep_text

        print(sweep_text(table, Screen().table_width))
    return code


def _write_page(path: str, table: SweepTable) -> None:
    from trtcore.cli.sweep_page import write_sweep_page

    write_sweep_page(path, table)


def _plan(options: argparse.Namespace) -> PlanFile:
    """The models and options, of the file and then of the command line."""
    files = [path for path in options.models if is_plan_file(path)]
    if files and len(options.models) > 1:
        raise OptionError(
            f"{files[0]} is the file of a sweep, which names the models: give it alone"
        )
    given = dict(_given(options))
    if files:
        plan = read_plan_file(files[0])
        return plan._replace(options={**plan.options, **given})
    return PlanFile(tuple(SweptModel(path) for path in options.models), "", given)


def _given(options: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """The options that were given, those with several values as lists."""
    values = api_values(options)
    for option in api_options():
        if option.name in values and option.is_given(values[option.name]):
            yield option.name, values[option.name]
    for option in sweep_options():
        value = getattr(options, option.name)
        if option.name == "slurm" and value is not None:
            value = _whole("--slurm", value)  # in Python it may be a mapping too
        if option.is_given(value):
            yield option.name, value
    if options.batches:
        yield "batch", [_whole("--batch", text) for text in _parts(options.batches)]
    if options.precisions:
        yield "precision", _parts(options.precisions)
    if options.all_shapes:
        yield "shapes", [parse_shapes([text]) for text in options.all_shapes]
    if options.all_io_formats:
        yield "io_formats", [parse_io_formats([text]) for text in options.all_io_formats]


def _parts(texts: Sequence[str]) -> list[str]:
    return [part for text in texts for part in text.split(",")]


def _whole(flag: str, text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise OptionError(f"{flag} {quoted(text)} is not a whole number")
    return number
