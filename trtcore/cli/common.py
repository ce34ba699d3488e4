"""From parsed options to those of the API."""

from __future__ import annotations

import argparse
from typing import Any

from trtcore.errors import OptionError
from trtcore.options import parse_shapes


def model_options(options: argparse.Namespace) -> dict[str, Any]:
    """What `trtcore.profile_model` and `trtcore.build_model` both take."""
    return {
        "weights": options.weights,
        "outputs": tuple(options.output),
        "batch": options.batch,
        "shapes": parse_shapes(options.shapes),
        "precision": precision(options),
        "backend": options.backend,
        "workspace_mib": options.workspace,
        "serial": options.serial,
        "use_cache": not options.no_cache,
    }


def run_options(options: argparse.Namespace) -> dict[str, Any]:
    """What concerns the run alone."""
    return {
        "iterations": options.iterations,
        "inputs": options.input,
        "precision_target": options.precision_target,
        "max_seconds": options.max_seconds,
        "seed": options.seed,
        "sync": options.sync,
        "calibrate": not options.no_calibration,
    }


def precision(options: argparse.Namespace) -> str:
    """The precision asked for, by name or by its short form.

    Raises:
        OptionError: two that contradict each other.
    """
    if options.fp16 and options.precision not in (None, "fp16"):
        raise OptionError(f"--fp16 and --precision {options.precision} contradict each other")
    return "fp16" if options.fp16 else options.precision or "fp32"
