"""What trtexec --exportTimes writes."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.result.checks import check_times
from trtcore.result.readers.trtexec_times import is_trtexec_times, parse_trtexec_times


def fuzz_one(data: bytes) -> None:
    text = text_of(data)
    with refusing():
        if is_trtexec_times(text):
            check_times(parse_trtexec_times(text), "trtexec_times")
