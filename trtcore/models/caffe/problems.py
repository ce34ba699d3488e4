"""What is wrong with a net, in one line: every layer type that is in the way, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trtcore.errors import ModelError, argument
from trtcore.models.caffe.net import Layer

# A message is one line that a terminal shows whole in three or four rows.
MAX_MESSAGE = 300


NOT_SUPPORTED = "this layer type is not supported"
"""The reason of a type that has no converter."""


class LayerError(Exception):
    """A problem of one layer; the conversion collects them."""


class UnsupportedError(LayerError):
    """The layer, or what it is to do, is beyond the importer: the file itself is right."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a layer."""

    layer: Layer
    reason: str
    is_unsupported: bool = False


def raise_unsupported(source: str, problems: Sequence[Problem], outputs: Sequence[str]) -> None:
    """Raises the error that names every unsupported layer type and the way out.

    Args:
        source: the file.
        problems: those of unsupported layers; nothing is raised if there is none.
        outputs: the results to ask for, see `Cut`; none if nothing computed is left.

    Raises:
        ModelError: always, if there are problems.
    """
    if not problems:
        return
    room = MAX_MESSAGE - len(source) - 2
    ways = _ways_out(outputs)
    texts = (f"{what}; {way}" for what in descriptions(problems) for way in ways)
    raise ModelError(f"{source}: {_first_that_fits(texts, room)}")


def descriptions(problems: Sequence[Problem]) -> list[str]:
    """Every unsupported type with its count, first layer and line, from the longest text on."""
    groups = _by_type(problems)
    if len(problems) == 1:
        return [f"{problems[0].layer}: {problems[0].reason}"]
    forms: tuple[Callable[[list[Problem]], str], ...] = (_with_layer, _with_line, _with_count)
    head = f"{len(groups)} layer {'type is' if len(groups) == 1 else 'types are'} not supported: "
    return [head + ", ".join(map(form, groups)) for form in forms]


def raise_first(source: str, problems: Sequence[Problem]) -> None:
    """Raises the error of wrong layers: the first problem of each type as far as a line goes.

    Raises:
        ModelError: always, if there are problems.
    """
    if not problems:
        return
    if len(problems) == 1:
        raise ModelError(f"{source}: {problems[0].layer}: {problems[0].reason}")
    groups = _by_type(problems)
    room = MAX_MESSAGE - len(source) - 2
    texts = (_some(len(problems), groups, shown) for shown in range(len(groups), 0, -1))
    raise ModelError(f"{source}: {_first_that_fits(texts, room)}")


def _some(count: int, groups: Sequence[list[Problem]], shown: int) -> str:
    """The first problem of some types in full, and the count of every other type."""
    parts = [
        f"{first.layer}: {first.reason}" + (f" (and {len(rest)} more of its type)" if rest else "")
        for first, *rest in groups[:shown]
    ]
    others = ", ".join(map(_with_line, groups[shown:]))
    return f"{count} problems: {'; '.join(parts)}" + (f"; also in {others}" if others else "")


def _by_type(problems: Iterable[Problem]) -> list[list[Problem]]:
    groups: dict[str, list[Problem]] = {}
    for problem in problems:
        groups.setdefault(problem.layer.type, []).append(problem)
    return list(groups.values())


def _with_layer(group: list[Problem]) -> str:
    first = group[0].layer
    place = f"{first.name!r}, line {first.line}" if first.line else repr(first.name)
    # A supported type can be told to do something that is not.
    reason = group[0].reason
    why = "" if reason.startswith(NOT_SUPPORTED) else f": {reason}"
    return f"{_with_count(group)} ({'first ' if len(group) > 1 else ''}{place}{why})"


def _with_line(group: list[Problem]) -> str:
    return f"{_with_count(group)} (line {group[0].layer.line})"


def _with_count(group: list[Problem]) -> str:
    return f"{len(group)} {group[0].layer.kind}"


def _ways_out(outputs: Sequence[str]) -> list[str]:
    """What to do, from the longest text on."""
    if not outputs:
        return ["no layer above can be an output"]
    flag = argument("cut_unsupported")
    few = f"cut above with {argument('outputs', list(outputs))}, or {flag}"
    return [few, f"{flag} takes the {len(outputs)} outputs above, from {outputs[0]!r} on"]


def _first_that_fits(texts: Iterable[str], room: int) -> str:
    """The first text of at most that many characters, or the last of all."""
    text = ""
    for text in texts:
        if len(text) <= room:
            break
    return text
