"""The log of trtexec --dumpProfile."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.result.checks import check_times
from trtcore.result.readers.trtexec_log import is_trtexec_log, parse_trtexec_log


def fuzz_one(data: bytes) -> None:
    text = text_of(data)
    with refusing():
        if is_trtexec_log(text):
            check_times(parse_trtexec_log(text), "trtexec_log")
