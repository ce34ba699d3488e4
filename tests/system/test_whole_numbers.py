"""Texts that are whole numbers, and those that `int` would read or fail at."""

from __future__ import annotations

import pytest

from trtcore.system.whole_numbers import whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("9" * 5000, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1_0", None),
        (" 1", None),
        ("1.0", None),
        ("٣", None),  # Arabic-Indic three, a decimal of Unicode
    ],
)
def test_digits_are_a_number(text: str, number: int | None) -> None:
    assert whole_number(text) == number
