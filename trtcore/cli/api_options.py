"""From parsed options to those of the API."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from trtcore.api.options.declaring import Option
from trtcore.api.options.meaning import given_options, require_meaning
from trtcore.api.options.value_types import BLOBS, FORMATS, INPUTS, NAMES, PATHS, SHAPES, ValueType
from trtcore.cli.declared import api_options
from trtcore.cli.inputs import parse_inputs
from trtcore.cli.own_options import PROFILE_OPTIONS
from trtcore.errors import OptionError
from trtcore.result.io_formats import FORMATS as FORMAT_NAMES
from trtcore.system.quotations import quoted
from trtcore.system.whole_numbers import whole_number

OF_LOADING = ("weights", "outputs")
"""Of `model_options`, what only reading a model's files needs."""


def api_values(options: argparse.Namespace) -> dict[str, Any]:
    """The value of every option of the API that the command has."""
    return {
        option.name: _value(option, options)
        for option in api_options()
        if hasattr(options, option.name)
    }


def require_meanings(options: argparse.Namespace, kind: str) -> None:
    """Refuses options of ``trtcore profile`` that nothing would follow.

    The API refuses its own too; here are also those that it does not have.

    Raises:
        OptionError: an option means nothing for that kind, or with the requested backend.
    """
    values = {**vars(options), **api_values(options)}
    given = given_options((*api_options(), *PROFILE_OPTIONS), values)
    require_meaning(given, kind, options.backend)


def values_for(options: argparse.Namespace, kind: str) -> dict[str, Any]:
    """What a function of the API takes that profiles something of this kind.

    A limit to the outputs' error is left to the command, which prints what was measured first.
    """
    values = api_values(options)
    means = {option.name for option in api_options() if kind in option.use.kinds}
    chosen = {name: value for name, value in values.items() if name in means}
    # The API would raise before the command could print and save the profile.
    if chosen.pop("tolerance", None) is not None:
        chosen["accuracy"] = True
    return chosen


def precision_options(options: argparse.Namespace) -> dict[str, Any]:
    """What is requested of the precision."""
    of_precision = [one for one in api_options() if one.use.group == "precision"]
    return {one.name: _value(one, options) for one in of_precision}


def _value(option: Option, options: argparse.Namespace) -> Any:
    if option.short():
        return _short_or_long(option, options)
    value = getattr(options, option.name)
    read = _READERS.get(option.type)
    return value if read is None else read(value)


def _short_or_long(option: Option, options: argparse.Namespace) -> Any:
    """What was requested, by the option or by a short form of it; None if nothing was.

    Raises:
        OptionError: two that contradict each other.
    """
    long = getattr(options, option.name)
    short = option.short()
    given = {f"--{word}": word if getattr(options, word) else None for word in short}
    given[f"{option.spelling} {long}"] = long
    requested = {flag: word for flag, word in given.items() if word}
    if len(set(requested.values())) > 1:
        raise OptionError(f"{' and '.join(requested)} contradict each other")
    return next(iter(requested.values()), None)


def parse_io_formats(texts: Sequence[str]) -> dict[str, str]:
    """Reads ``name:chw2``, several separated by commas or given several times.

    Returns:
        Format names by tensor name.

    Raises:
        OptionError: not of that form, an unknown format, or a tensor named twice.
    """
    formats: dict[str, str] = {}
    for text in (part for given in texts for part in given.split(",") if part):
        # From the right: tensor names may contain colons, formats do not.
        name, _, word = text.rpartition(":")
        if not name or word.lower() not in FORMAT_NAMES:
            accepted = "|".join(FORMAT_NAMES)
            raise OptionError(f"--io-format {quoted(text)} is not of the form name:{accepted}")
        if name in formats:
            raise OptionError(f"--io-format names {quoted(name)} twice")
        formats[name] = word.lower()
    return formats


def parse_shapes(texts: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Reads ``name:1x3x224x224``, several separated by commas or given several times.

    Returns:
        A shape by name; three where a range was given, ``name:MIN..OPT..MAX``.

    Raises:
        OptionError: not of that form, or a dimension below 1.
    """
    shapes: dict[str, tuple[Any, ...]] = {}
    for text in (part for given in texts for part in given.split(",") if part):
        name, colon, dims = text.rpartition(":")
        points = [shape.split("x") for shape in dims.split("..")]
        found = tuple(tuple(map(whole_number, point)) for point in points)
        if not colon or not name or not _are_known(found) or len(points) not in (1, 3):
            raise OptionError(
                f"--shapes {quoted(text)} is not of the form name:1x3x224x224, or "
                "name:MIN..OPT..MAX for a range"
            )
        if name in shapes:
            raise OptionError(f"--shapes names {quoted(name)} twice")
        if min(map(min, found)) < 1:
            raise OptionError(f"--shapes {quoted(text)} has a dimension below 1")
        shapes[name] = found if len(found) == 3 else found[0]
    return shapes


def _are_known(
    points: tuple[tuple[int | None, ...], ...],
) -> TypeGuard[tuple[tuple[int, ...], ...]]:
    return all(number is not None for point in points for number in point)


def _separated(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(part for text in texts for part in text.split(","))


# By type, not by option: a new option of one of these types is parsed without a change here.
_READERS: dict[ValueType, Callable[[Any], Any]] = {
    SHAPES: parse_shapes,
    FORMATS: parse_io_formats,
    INPUTS: parse_inputs,
    NAMES: _separated,
    BLOBS: tuple,
    PATHS: tuple,
}
