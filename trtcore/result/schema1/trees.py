"""Helpers of the upgrade: from sentences to records, and from records to JSON trees."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, TypeVar

Tree = dict[str, Any]
T = TypeVar("T")
Rule = tuple[str, Callable[[re.Match[str]], T]]
"""A pattern of a whole sentence, and what is made of a match."""


def tree_of(record: Any) -> Tree:
    """Returns a record as `trtcore.result.saved` writes it."""
    tree: Tree = json.loads(json.dumps(asdict(record), default=lambda member: member.value))
    return tree


def first_match(rules: Iterable[Rule[T]], text: str) -> T | None:
    """Returns what the first rule makes of a sentence; None if it fits none."""
    for pattern, make in rules:
        # DOTALL, because layer names and error messages can hold line ends.
        match = re.fullmatch(pattern, text, re.DOTALL)
        if match is not None:
            return make(match)
    return None


def part(percent: str) -> float:
    """Returns ``1.3%`` as 0.013."""
    return float(percent.rstrip("%")) / 100
