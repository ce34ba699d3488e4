"""What trtexec --exportProfile writes."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.result.checks import check_times
from trtcore.result.readers.trtexec import is_trtexec_profile, parse_trtexec_profile


def fuzz_one(data: bytes) -> None:
    text = text_of(data)
    with refusing():
        if is_trtexec_profile(text):
            check_times(parse_trtexec_profile(text), "trtexec_json")
