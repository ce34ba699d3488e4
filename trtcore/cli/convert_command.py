"""``trtcore convert``: a Caffe model as ONNX."""

from __future__ import annotations

import argparse
import sys

from trtcore.files import check_writable
from trtcore.models import load_model, save_onnx
from trtcore.options import parse_shapes


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    check_writable(options.output_file)
    model = load_model(
        options.model,
        weights=options.weights,
        batch=options.batch,
        shapes=parse_shapes(options.shapes),
        outputs=tuple(options.output),
    )
    save_onnx(model, options.output_file)
    for note in (f"weights: {model.weights}", *model.notes):
        print(f"trtcore: {note}", file=sys.stderr)
    return 0
