"""JSON that cannot be read, in words that are the same in every version of Python."""

from __future__ import annotations

import re

import pytest

from trtcore.system.json_text import NestingError, explained, read_json

DEEP = 100_000
DIGITS = 5000


def test_json_is_read_as_python_reads_it() -> None:
    assert read_json('{"a": [1, 2.5, null, "\\u00e9"]}') == {"a": [1, 2.5, None, "é"]}
    assert read_json(b"[]") == []
    assert read_json('["a\tb"]', is_strict=False) == ["a\tb"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * DEEP, "nested too deeply"),
        ('{"a":' * DEEP, "nested too deeply"),
        ("1" * DIGITS, "a number has more digits than can be read"),
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ('["a\tb"]', "Invalid control character at: line 1 column 4 (char 3)"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        read_json(text)


def test_nesting_is_told_apart() -> None:
    with pytest.raises(NestingError):
        read_json("[" * DEEP)
    assert type(explained(RecursionError())) is NestingError
    assert type(explained(ValueError("no"))) is ValueError


def test_words_of_a_parser_are_one_short_line() -> None:
    class DecodeError(ValueError):
        pass

    said = str(explained(DecodeError("no\n" + "key " * 100)))
    assert said == "no " + "key " * 28 + "..."
    assert len(said) <= 120
