"""Declared options as arguments of argparse, and argument names as command-line flags."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trtcore.api.options.declarations import SOURCE_OPTIONS, Declarations
from trtcore.api.options.declaring import Option
from trtcore.api.options.value_types import (
    BLOBS,
    FLAG,
    FORMATS,
    INPUTS,
    NAMES,
    NUMBER,
    PATHS,
    SHAPES,
    WHOLE,
)
from trtcore.cli.own_options import PROFILE_OPTIONS
from trtcore.sweeps.declarations import sweep_options

_REPEATED = (NAMES, BLOBS, PATHS, SHAPES, FORMATS, INPUTS)
"""Types whose options can be given several times."""
_ONE_EACH = (BLOBS, PATHS)
"""Those of them that are not split at commas, which names of blobs and files may contain."""


def api_options() -> tuple[Option, ...]:
    """Every option that the functions of the API take."""
    return (*SOURCE_OPTIONS, *Declarations.declared)


def add_options(
    parser: argparse.ArgumentParser, options: Iterable[Option], kinds: Sequence[str]
) -> None:
    """Adds the options that have an effect for one of the kinds of requests, in their groups."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for option in options:
        if not set(kinds) & set(option.use.kinds):
            continue
        name = option.use.group
        if name not in groups:
            groups[name] = parser.add_argument_group(name)
        add_option(groups[name], option)


def add_option(group: argparse._ArgumentGroup, option: Option) -> None:
    """Adds one option, and a flag for each of its short forms."""
    # dest is the name in the API, so that parsed values can be handed on by name.
    group.add_argument(option.spelling, dest=option.name, help=option.help_line, **_reading(option))
    for word in option.short():
        short_for = f"short for {option.spelling} {word}"
        group.add_argument(f"--{word}", action="store_true", help=short_for)


def _reading(option: Option) -> dict[str, Any]:
    """How the parser reads an option's values."""
    if option.type is FLAG:
        if option.default is None:  # three states: --stream, --no-stream, or up to trtcore
            return {"action": argparse.BooleanOptionalAction}
        return {"action": "store_false" if option.default else "store_true"}
    valued: dict[str, Any] = {"metavar": option.metavar}
    if option.default is not None and option.type in _REPEATED:
        # A list: argparse appends to a copy of the default, and the declared () has no append.
        return {**valued, "action": "append", "default": []}
    if option.type in (WHOLE, NUMBER):
        valued["type"] = int if option.type is WHOLE else float
    return {**valued, "default": option.default}


def spelled(name: str, value: object = None) -> str:
    """How the command line names an argument of the API: ``--keep-fp32 LRN`` for ``keep_fp32``."""
    option = next(
        row for row in (*api_options(), *PROFILE_OPTIONS, *sweep_options()) if row.name == name
    )
    if value is None or option.type is FLAG:
        negated = f"--no-{option.spelling[2:]}"
        is_off = option.default is None and value is False
        return negated if is_off else option.spelling
    from shlex import quote

    # Quoted, so that what an error names can be pasted into a shell.
    if option.type in _ONE_EACH:
        return " ".join(f"{option.spelling} {quote(part)}" for part in _typed(value))
    return f"{option.spelling} {quote(','.join(_typed(value)))}"


def _typed(value: object) -> Iterator[str]:
    """The parts of a value as they are typed on the command line."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            is_shape = isinstance(part, Sequence) and not isinstance(part, str)
            yield f"{name}:{_shape(part) if is_shape else part}"
    elif isinstance(value, (list, tuple)):
        yield from map(str, value)
    else:
        # The value of an enumeration: `str` of the member would be `Precision.FP16`.
        yield str(getattr(value, "value", value))


def _shape(dims: Sequence[Any]) -> str:
    """A shape, or the shapes of a range."""
    if dims and isinstance(dims[0], (tuple, list)):
        return "..".join(map(_shape, dims))
    return "x".join("?" if dim is None else str(dim) for dim in dims)
