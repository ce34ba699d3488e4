"""Reads what ``--input`` is given."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from trtcore.errors import OptionError
from trtcore.models.input_texts import OTHERS, check_inputs, is_generator

# A comma that is in no parentheses: those inside belong to a generator.
_COMMA = re.compile(r",(?![^()]*\))")


def parse_inputs(texts: Sequence[str]) -> str | dict[str, str]:
    """Reads sources for all inputs, ``FILE.npz``, and for one, ``ids:randint(0,30522)``.

    Several are separated by commas, or given several times.

    Returns:
        The one for all inputs, or sources by name.

    Raises:
        OptionError: not of that form, or an input that has two.
    """
    if not texts:
        return "random"
    by_input: dict[str, str] = {}
    for text in texts:
        for part in _parts(text):
            name, source = _named(part)
            if name in by_input:
                first = "all inputs" if name == OTHERS else f"'{name}'"
                raise OptionError(f"--input names {first} twice: {by_input[name]} and {source}")
            by_input[name] = source
    sources = by_input[OTHERS] if list(by_input) == [OTHERS] else by_input
    check_inputs(sources)
    return sources


def input_file(texts: Sequence[str]) -> str | None:
    """The file that ``--input`` names; None if it names none."""
    sources = parse_inputs(texts)
    source: Any = sources.get(OTHERS, "random") if isinstance(sources, Mapping) else sources
    return None if source == "random" or is_generator(source) else source


def _parts(text: str) -> list[str]:
    """The sources in one text: names of files may have commas and colons in them."""
    return [text] if os.path.exists(text) else _COMMA.split(text)


def _named(part: str) -> tuple[str, str]:
    """The input of a source, and the source."""
    # From the right: tensor names may contain colons, generators do not.
    name, colon, source = part.rpartition(":")
    is_file = os.path.exists(part) or part.endswith(".npz")
    if not (colon and name.strip()) or (is_file and name != OTHERS):
        return OTHERS, part
    return name.strip(), source.strip()
