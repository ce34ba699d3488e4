"""What the engine inspector tells, in JSON."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.result.readers.inspector.inspector import parse_engine_information


def fuzz_one(data: bytes) -> None:
    with refusing():
        parse_engine_information("{" + text_of(data).removeprefix("{"))
