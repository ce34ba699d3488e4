"""A saved profile of either schema version."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.result.checks import check_times
from trtcore.result.saved import dump_profile, parse_profile


def fuzz_one(data: bytes) -> None:
    with refusing():
        profile = parse_profile(text_of(data))
        check_times(profile, "saved_result")
        dump_profile(profile)
