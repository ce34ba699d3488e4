"""The grammar of --input."""

from __future__ import annotations

from fuzz.trying import argument_of, refusing

from trtcore.cli.inputs import parse_inputs


def fuzz_one(data: bytes) -> None:
    with refusing(data):
        parse_inputs([argument_of(data)])
