"""The table of TensorRT's old sample."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.result.checks import check_times
from trtcore.result.readers.sample_table import is_sample_table, parse_sample_table


def fuzz_one(data: bytes) -> None:
    text = text_of(data)
    with refusing():
        if is_sample_table(text):
            check_times(parse_sample_table(text), "sample_table")
