"""A saved comparison of precisions of either schema version."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.compare.precisions.saved import parse_precisions


def fuzz_one(data: bytes) -> None:
    with refusing():
        parse_precisions(text_of(data))
