"""``trtcore convert``: a Caffe model as ONNX."""

from __future__ import annotations

import argparse

from trtcore.cli.api_options import api_values
from trtcore.cli.outputs import check_outputs
from trtcore.cli.terminal import notify
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import save_onnx


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    read = {"MODEL": options.model, "--weights": options.weights}
    check_outputs({"-o": options.output_file}, read)
    model = load_model(options.model, **api_values(options))
    save_onnx(model, options.output_file)
    # Where the weights came from decides whether the outputs mean anything.
    for note in (f"weights: {model.weights}", *model.notes):
        notify(note)
    return 0
