"""Hostile values at chosen places of something sound: nearly every input gets past the parser."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

# What code that trusts a file trips over: limits of numbers, no numbers, and texts that control a
# terminal, close a tag, begin a formula or are no Unicode.
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 2**31, -(2**63), 2**63 - 1, 10**400),
    *(0.0, -0.5, 1e-320, 1e308, -1e308, float("nan"), float("inf"), float("-inf")),
    *("", "\x1b[2J", "</script><img src=x onerror=1>", "=1+1", "\u202e\ud800", "a" * 5000),
    *("NaN", "{{7*7}}", "%s%n", "[red]", '"', "\n", "../../etc"),
    *([], [None], [[[]]], {}, {"": 0}),
)


class Bytes:
    """Reads numbers and texts off an input; zeros and nothing once it is used up."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def __bool__(self) -> bool:
        return self._place < len(self._data)

    def take(self, count: int) -> bytes:
        """The next bytes, fewer at the end."""
        self._place += count
        return self._data[self._place - count : self._place]

    def number(self) -> int:
        """0 to 255."""
        return int.from_bytes(self.take(1), "big")

    def value(self) -> Any:
        """One of `VALUES`, a float of any bits, a whole number, or a text."""
        kind = self.number()
        if kind < 128:
            return VALUES[kind % len(VALUES)]
        if kind < 160:
            return struct.unpack("<d", self.take(8).ljust(8, b"\0"))[0]
        if kind < 192:
            return int.from_bytes(self.take(4), "little", signed=True)
        return self.take(kind - 191).decode("utf-8", "replace")


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a JSON tree: what holds it, and its key or index."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in pairs:
        yield tree, key
        if isinstance(value, (dict, list)) and value:
            yield from places(value)


def edit(tree: Any, data: Bytes) -> None:
    """Changes a place of a JSON tree: another value, none at all, or a list with more."""
    found = list(places(tree))
    holder, key = found[int.from_bytes(data.take(2), "big") % len(found)]
    how = data.number() % 8
    if how == 0 and isinstance(holder, dict):
        del holder[key]
    elif how == 1 and isinstance(holder, list):
        holder.append(holder[key])
    elif how == 2 and isinstance(holder, list):
        holder.pop(key)
    else:
        holder[key] = data.value()
