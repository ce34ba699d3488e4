"""``trtcore build``: an engine, and what is in it."""

from __future__ import annotations

import argparse

from trtcore.api import build_model
from trtcore.cli.common import model_options
from trtcore.cli.progress import shown_progress
from trtcore.files import check_writable, write_file


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    if options.output_file is not None:
        check_writable(options.output_file)
    with shown_progress(options.quiet) as progress:
        plan = build_model(options.model, progress=progress, **model_options(options))
    if options.output_file is not None:
        write_file(options.output_file, plan.content)
    if not options.quiet:
        from trtcore.report.inspect import render_plan

        print(render_plan(plan.build, plan.information, with_layers=options.layers))
        for label, lines in (("Note", plan.model.notes), ("Warning", plan.warnings)):
            for line in lines:
                print(f"{label}: {line}")
    return 0
