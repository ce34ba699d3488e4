"""``trtcore build``: builds an engine and lists what is in it."""

from __future__ import annotations

import argparse

from trtcore.api.calls import build_model
from trtcore.cli.api_options import api_values
from trtcore.cli.inputs import input_file
from trtcore.cli.outputs import check_outputs
from trtcore.cli.terminal import shown_progress, warn
from trtcore.system.files import write_file


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    read = {
        "MODEL": options.model,
        "--weights": options.weights,
        "--input": input_file(options.inputs),
    }
    check_outputs({"-o": options.output_file}, read)
    with shown_progress(options.quiet) as progress:
        plan = build_model(options.model, progress=progress, **api_values(options))
    # Written before anything is printed: a closed pipe must not cost the plan.
    if options.output_file is not None:
        write_file(options.output_file, plan.content)
    from trtcore.report.content.warning_words import warning_text

    if options.quiet:
        warn(map(warning_text, plan.warnings))
    else:
        from trtcore.models.onnx.graph import model_nodes
        from trtcore.report.content.printable import printable_text
        from trtcore.report.terminal.engine import render_plan

        nodes = model_nodes(plan.model, with_work=False)
        print(render_plan(plan.build, plan.information, with_layers=options.layers, nodes=nodes))
        for label, lines in (
            ("Note", plan.model.notes),
            ("Warning", map(warning_text, plan.warnings)),
        ):
            for line in lines:
                print(f"{label}: {printable_text(line)}")
    return 0
