"""The summary of kernels by Nsight Systems, in CSV."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.result.checks import check_times
from trtcore.result.readers.nsight_kernels import is_kernel_summary, parse_kernel_summary


def fuzz_one(data: bytes) -> None:
    text = text_of(data)
    with refusing():
        if is_kernel_summary(text):
            check_times(parse_kernel_summary(text), "kernel_summary")
