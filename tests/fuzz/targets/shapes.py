"""The grammar of --shapes."""

from __future__ import annotations

from fuzz.trying import argument_of, refusing

from trtcore.cli.api_options import parse_shapes


def fuzz_one(data: bytes) -> None:
    with refusing(data):
        parse_shapes([argument_of(data)])
