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
        **precision_options(options),
        "backend": options.backend,
        "workspace_mib": options.workspace,
        "serial": options.serial,
        "plugins": tuple(options.plugins),
        "use_cache": not options.no_cache,
    }


def run_options(options: argparse.Namespace) -> dict[str, Any]:
    """What concerns the run alone."""
    return {
        "iterations": options.iterations,
        "inputs": options.input,
        "precision_target": options.precision_target,
        "max_seconds": options.max_seconds,
        "stream": options.stream,
        "seed": options.seed,
        "sync": options.sync,
        "timing": options.timing,
        "calibrate": not options.no_calibration,
    }


def precision_options(options: argparse.Namespace) -> dict[str, Any]:
    """What is asked of the precision."""
    from trtcore.io_format import parse_io_formats

    return {
        "precision": _precision(options),
        "keep_fp32": tuple(part for given in options.keep_fp32 for part in given.split(",")),
        "io_precision": options.io_precision,
        "io_formats": parse_io_formats(options.io_format),
    }


def _precision(options: argparse.Namespace) -> str | None:
    """The precision asked for, by name or by its short form; None if none was.

    Raises:
        OptionError: two that contradict each other.
    """
    given = {
        "--fp16": "fp16" if options.fp16 else None,
        "--half2": "half2" if options.half2 else None,
        "--bf16": "bf16" if options.bf16 else None,
        f"--precision {options.precision}": options.precision,
    }
    asked = {option: word for option, word in given.items() if word}
    if len(set(asked.values())) > 1:
        raise OptionError(f"{' and '.join(asked)} contradict each other")
    return next(iter(asked.values()), None)
