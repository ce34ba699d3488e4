"""The log of caffe time."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.result.checks import check_times
from trtcore.result.readers.caffe_time import is_caffe_time, parse_caffe_time


def fuzz_one(data: bytes) -> None:
    text = text_of(data)
    with refusing():
        if is_caffe_time(text):
            check_times(parse_caffe_time(text), "caffe_time")
