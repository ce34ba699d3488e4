"""Ratios as texts: enough digits for small ones."""

from __future__ import annotations

import pytest

from trtcore.compare.ratios import interval_text, percent_text, ratio_text


@pytest.mark.parametrize(
    ("ratio", "text", "percent"),
    [
        (1.0, "1.000", "100.0%"),
        (0.05, "0.050", "5.0%"),
        (0.0499, "0.05", "5%"),
        (0.0123, "0.012", "1.2%"),
        (0.00123, "0.0012", "0.12%"),
        (0.0000456, "4.6e-05", "0.0046%"),
        (60.225, "60.225", "6022.5%"),
        (0.0, "0.000", "0.0%"),
    ],
)
def test_small_ratios_keep_two_digits(ratio, text, percent):
    assert (ratio_text(ratio), percent_text(ratio)) == (text, percent)


def test_an_interval():
    assert interval_text((0.912, 0.00934)) == "0.912 to 0.0093"
