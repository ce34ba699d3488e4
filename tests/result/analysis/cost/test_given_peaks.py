"""Peaks as a user gives them."""

from __future__ import annotations

import pytest

from trtcore.errors import OptionError
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.records.peaks import Peaks, PeakSource, ProductPeak


def test_rates_and_bandwidth() -> None:
    rates = (ProductPeak("fp16", 989.0), ProductPeak("fp32", 67.0))
    # By text, as NaN is no longer equal in a dataclass from Python 3.13 on.
    assert repr(parse_peaks("fp16=989, fp32=67,bandwidth=4.8e3")) == repr(
        Peaks(PeakSource.GIVEN, rates, 4800.0)
    )


def test_no_peaks_at_all() -> None:
    assert parse_peaks("none") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "peak is '': '' must be NAME=NUMBER with one of fp32, tf32, fp16"),
        ("half=1", "'half=1' must be NAME=NUMBER"),
        ("fp16", "fp16 is '', must be a number above 0"),
        ("fp16=0", "fp16 is '0', must be a number above 0"),
        ("fp16=nan", "fp16 is 'nan', must be a number above 0"),
        ("fp16=inf", "fp16 is 'inf', must be a number above 0"),
        ("fp16=1,fp16=2", "which has fp16 twice"),
        ("measure", "peak='measure' times the GPU or CPU in a run, and a saved result has none"),
    ],
)
def test_what_is_no_rate_is_refused(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse_peaks(text)
