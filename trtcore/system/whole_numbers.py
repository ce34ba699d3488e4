"""Whole numbers in texts of users and files: any text may come, and ``int`` raises for some."""

from __future__ import annotations

# They always fit the 64 bits that ONNX, TensorRT and SQLite have for a number.
_MOST_DIGITS = 18


def whole_number(text: str) -> int | None:
    """The number that a text of ASCII digits is; None for any other text, a sign included."""
    # `isdecimal` alone takes digits of any script, which `int` would read too.
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else None
