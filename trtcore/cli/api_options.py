"""From parsed options to those of the API."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from trtcore.engine.io_formats import FORMATS
from trtcore.errors import OptionError
from trtcore.precision.formats import flags


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
        **{f"--{flag}": flag if getattr(options, flag) else None for flag in flags()},
        f"--precision {options.precision}": options.precision,
    }
    asked = {option: word for option, word in given.items() if word}
    if len(set(asked.values())) > 1:
        raise OptionError(f"{' and '.join(asked)} contradict each other")
    return next(iter(asked.values()), None)


def parse_io_formats(texts: Sequence[str]) -> dict[str, str]:
    """Reads ``name:chw2``, several separated by commas or given several times.

    Returns:
        Format names by tensor name.

    Raises:
        OptionError: not of that form, an unknown format, or a tensor named twice.
    """
    formats: dict[str, str] = {}
    for text in (part for given in texts for part in given.split(",") if part):
        name, _, word = text.rpartition(":")
        if not name or word.lower() not in FORMATS:
            accepted = "|".join(FORMATS)
            raise OptionError(f"--io-format '{text}' is not of the form name:{accepted}")
        if name in formats:
            raise OptionError(f"--io-format names '{name}' twice")
        formats[name] = word.lower()
    return formats


def parse_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Reads ``name:1x3x224x224``, several separated by commas or given several times.

    Raises:
        OptionError: not of that form, or a dimension below 1.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for text in (part for given in texts for part in given.split(",") if part):
        name, colon, dims = text.rpartition(":")
        numbers = dims.split("x")
        if not colon or not name or not all(number.isdecimal() for number in numbers):
            raise OptionError(f"--shapes '{text}' is not of the form name:1x3x224x224")
        if name in shapes:
            raise OptionError(f"--shapes names '{name}' twice")
        shapes[name] = tuple(int(number) for number in numbers)
        if min(shapes[name]) < 1:
            raise OptionError(f"--shapes '{text}' has a dimension below 1")
    return shapes
