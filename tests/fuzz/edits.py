"""Hostile values at chosen places of something sound: nearly every input gets past the parser."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np

# What code that trusts a file trips over: limits of numbers, no numbers, and texts that control a
# terminal, close a tag, begin a formula or are no Unicode.
WHOLE = (0, -1, 1, 2, 7, 2**31, -(2**31), 2**53 + 1, -(2**63), 2**63 - 1)
FLOATS = (
    *(0.0, -0.0, -0.5, 1.0, 1e-9, 1e-45, 1e-320, 3e38, 1e308, -1e308),
    *(float("nan"), float("inf"), float("-inf")),
)
TEXTS = (
    *("", "\x1b[2J", "</script><img src=x onerror=1>", "=1+1", "\u202e\ud800", "a" * 5000, "é"),
    *("NaN", "{{7*7}}", "%s%n", "[red]", '"', "\n", "../../etc", "conv1", "0", "fp16"),
)
OTHERS = (None, True, False, 10**400, [], [None], [[[]]], {}, {"": 0})
VALUES: tuple[Any, ...] = (*WHOLE, *FLOATS, *TEXTS, *OTHERS)


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
            return deepcopy(VALUES[kind % len(VALUES)])  # later edits may be inside of it
        if kind < 160:
            return struct.unpack("<d", self.take(8).ljust(8, b"\0"))[0]
        if kind < 192:
            return int.from_bytes(self.take(4), "little", signed=True)
        return self.take(kind - 191).decode("utf-8", "replace")

    def like(self, value: Any) -> Any:
        """A value of the same type, so that a reader that checks types takes it."""
        choices = {bool: (not value,), int: WHOLE, float: FLOATS, str: TEXTS}.get(type(value))
        return self.value() if choices is None else choices[self.number() % len(choices)]


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a JSON tree: what holds it, and its key or index; a packed array is one."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in pairs:
        yield tree, key
        if isinstance(value, (dict, list)) and value and not is_packed(value):
            yield from places(value)


def is_packed(value: Any) -> bool:
    """Whether a value is an array as saved results hold them."""
    return isinstance(value, dict) and "zlib_base64" in value


def edit(tree: Any, data: Bytes) -> None:
    """Changes a place of a JSON tree: another value, none at all, or a list with more."""
    found = list(places(tree))
    holder, key = found[int.from_bytes(data.take(2), "big") % len(found)]
    how = data.number() % 16
    if how == 0 and isinstance(holder, dict):
        del holder[key]
    elif how == 1 and isinstance(holder, list):
        holder.append(holder[key])
    elif how == 2 and isinstance(holder, list):
        holder.pop(key)
    elif how == 3:
        holder[key] = data.value()
    elif is_packed(holder[key]):
        holder[key] = _edited_array(holder[key], data)
    else:
        holder[key] = data.like(holder[key])


def _edited_array(packed: dict[str, Any], data: Bytes) -> dict[str, Any]:
    """The array with hostile values in it, or with none."""
    raw = zlib.decompress(base64.b64decode(packed["zlib_base64"]))
    array = np.frombuffer(raw, packed["dtype"]).reshape(packed["shape"]).copy()
    how = data.number()
    if how == 0 or not array.size:
        array = array[:0]
    else:
        choices = FLOATS if array.dtype.kind == "f" else WHOLE
        value = np.array(choices[data.number() % len(choices)])
        with np.errstate(all="ignore"):
            # All of them, or one.
            place = slice(None) if how == 1 else how % array.size
            array.reshape(-1)[place] = value.astype(array.dtype)
    content = base64.b64encode(zlib.compress(array.tobytes(), 1)).decode()
    return {"dtype": packed["dtype"], "shape": list(array.shape), "zlib_base64": content}
