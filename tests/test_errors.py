"""A list of names that stays short."""

from __future__ import annotations

import pytest

from trtcore.errors import few


@pytest.mark.parametrize(
    ("names", "most", "text"),
    [
        ("", 3, ""),
        ("a", 3, "a"),
        ("abc", 3, "a, b, c"),
        ("abcd", 3, "a, b, c and 1 more"),
        ("abcdef", 4, "a, b, c, d and 2 more"),
        ((name for name in "abcd"), 1, "a and 3 more"),
    ],
)
def test_the_first_names_and_how_many_more(names, most: int, text: str) -> None:
    assert few(names, most) == text
