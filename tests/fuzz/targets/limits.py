"""The grammar of --fail-if."""

from __future__ import annotations

from fuzz.trying import argument_of, refusing

from trtcore.compare.limits import parse_limit


def fuzz_one(data: bytes) -> None:
    with refusing(data):
        parse_limit(argument_of(data))
