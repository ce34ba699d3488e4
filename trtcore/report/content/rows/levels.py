"""The levels of grouping: layer, node, block and type, the last two with a depth."""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.errors import OptionError, argument
from trtcore.system.whole_numbers import whole_number

LEVELS = ("layer", "node", "block", "type")
_WITH_DEPTH = ("block", "type")


@dataclass(frozen=True)
class Level:
    """A way of grouping.

    Attributes:
        name: ``layer``, ``node``, ``block`` or ``type``.
        depth: modules in the name of a block, or 2 for types with their operators; None to choose
            it by the model.
    """

    name: str
    depth: int | None = None


def parse_level(text: str) -> Level:
    """Reads ``layer``, ``node``, ``block``, ``block:3``, ``type`` or ``type:2``.

    Raises:
        OptionError: another name, or a depth that is no number or not supported at that level.
    """
    name, colon, depth = text.partition(":")
    given = f"{argument('group_by')} is '{text}'"
    if name not in LEVELS:
        raise OptionError(f"{given}, must be one of {', '.join(LEVELS)}")
    if not colon:
        return Level(name)
    if name not in _WITH_DEPTH:
        raise OptionError(f"{given}: only {' and '.join(_WITH_DEPTH)} have a depth")
    number = whole_number(depth)
    if not number:
        raise OptionError(f"{given}, its depth must be a whole number of 1 or more")
    return Level(name, number)
