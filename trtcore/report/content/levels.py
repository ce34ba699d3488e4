"""What a table has a row for: a layer, a node group, a block or a type, the last two with depth."""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.errors import OptionError, argument

LEVELS = ("layer", "node", "block", "type")
_WITH_DEPTH = ("block", "type")


@dataclass(frozen=True)
class Level:
    """A way of grouping.

    Attributes:
        name: ``layer``, ``node``, ``block`` or ``type``.
        depth: modules that the name of a block has, or 2 for types with their operators; None for
            what suits the model.
    """

    name: str
    depth: int | None = None


def parse_level(text: str) -> Level:
    """Reads ``layer``, ``node``, ``block``, ``block:3``, ``type`` or ``type:2``.

    Raises:
        OptionError: another name, or a depth that is none or has no meaning there.
    """
    name, colon, depth = text.partition(":")
    given = f"{argument('group_by')} is '{text}'"
    if name not in LEVELS:
        raise OptionError(f"{given}, must be one of {', '.join(LEVELS)}")
    if not colon:
        return Level(name)
    if name not in _WITH_DEPTH:
        raise OptionError(f"{given}: only {' and '.join(_WITH_DEPTH)} have a depth")
    if not (depth.isascii() and depth.isdecimal() and int(depth) > 0):
        raise OptionError(f"{given}, its depth must be a whole number of 1 or more")
    return Level(name, int(depth))
