"""A list of names that stays short: the first of them, and how many there are beside."""

from __future__ import annotations

from collections.abc import Iterable


def few(names: Iterable[str], most: int = 3) -> str:
    """Returns the first ``most`` names, and how many more there are: ``a, b, c and 7 more``."""
    every = tuple(names)
    more = len(every) - most
    return ", ".join(every[:most]) + (f" and {more} more" if more > 0 else "")
