"""``trtcore convert``: a Caffe model as ONNX."""

from __future__ import annotations

import argparse

from trtcore.cli.api_options import api_values
from trtcore.cli.outputs import check_outputs
from trtcore.cli.terminal import notify
from trtcore.errors import OptionError, argument
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import save_onnx
from trtcore.models.onnx.shape_ranges import has_range


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    read = {"MODEL": options.model, "--weights": options.weights}
    check_outputs({"-o": options.output_file}, read)
    values = api_values(options)
    if has_range(values["shapes"]):
        raise OptionError(
            f"{argument('shapes', values['shapes'])}: a converted model has one shape for each "
            "input, a range is for build and profile"
        )
    model = load_model(options.model, **values)
    save_onnx(model, options.output_file)
    # Where the weights came from decides whether the outputs mean anything.
    for note in (f"weights: {model.weights}", *model.notes):
        notify(note)
    return 0
