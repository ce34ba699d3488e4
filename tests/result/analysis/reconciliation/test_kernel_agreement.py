"""Corrected layer times beside kernel times, by hand."""

from __future__ import annotations

from math import nan

import numpy as np

from trtcore.result.analysis.reconciliation.kernels import KernelAgreement, agreement

# In ms: 1 us too long, 5 % too short, then more than either, and a kernel that is not known.
CORRECTED = [0.005, 0.095, 0.0168, 0.4]
KERNEL = [0.004, 0.1, 0.015, nan]


def test_by_hand() -> None:
    found = agreement(CORRECTED, KERNEL)
    assert found is not None
    assert found == KernelAgreement(3, 2, 0.104 / 0.119, found.median_error_ms, 3, 3)
    assert np.isclose(found.median_error_ms, 0.0018)


def test_the_ten_longest_are_counted_as_sets() -> None:
    kernel = np.arange(1.0, 13.0)
    corrected = kernel.copy()
    corrected[[1, 2]] = corrected[[2, 1]]
    found = agreement(corrected, kernel)
    assert found is not None
    assert (found.longest, found.common) == (10, 9)
    corrected[:] = kernel[::-1]
    found = agreement(corrected, kernel)
    assert found is not None
    assert found.common == 8


def test_nothing_to_compare() -> None:
    assert agreement([0.1, 0.2], [nan, nan]) is None
    assert agreement([], []) is None
