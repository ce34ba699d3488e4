"""Variances of many series of few values each, drawn towards what is usual among them."""

from __future__ import annotations

from math import inf, log, sqrt

import numpy as np

from trtcore.stats.arrays import Floats

# Where the asymptotic series of both functions is exact to 1e-12.
_SERIES_FROM = 10.0
_HALVINGS = 60
_LEAST_HALF, _MOST_HALF = 1e-3, 1e6


def shrunk(variances: Floats, freedom: int, sizes: Floats) -> tuple[Floats, float]:
    """Returns the variance that is usual for each series, and how many degrees of freedom it has.

    The true variances are taken as drawn from a scaled inverse chi-squared distribution whose scale
    follows a power of the size of the series. Source: G. K. Smyth, Linear models and empirical
    Bayes methods, Stat. Appl. Genet. Mol. Biol. 3 (2004), section 6.2.

    Args:
        variances: (G,), all above 0, each of the same degrees of freedom.
        freedom: of each.
        sizes: (G,) above 0, such as mean times.

    Returns:
        (G,) variances, and their degrees of freedom; infinite if the given ones differ by no more
        than chance.
    """
    half = freedom / 2
    logs = np.log(variances) - digamma(half) + log(half)
    base = np.column_stack([np.ones_like(logs), np.log(sizes)])
    fit: Floats = base @ np.linalg.lstsq(base, logs, rcond=None)[0]
    scatter = float(((logs - fit) ** 2).sum()) / (len(logs) - base.shape[1]) - trigamma(half)
    if scatter <= 0:
        return np.exp(fit), inf
    prior = _inverse_trigamma(scatter)
    usual: Floats = np.exp(fit + digamma(prior) - log(prior))
    return usual, 2 * prior


def digamma(x: float) -> float:
    """The derivative of the logarithm of the gamma function, for x above 0.

    Source: Abramowitz and Stegun 6.3.5 and 6.3.18.
    """
    shift = 0.0
    while x < _SERIES_FROM:
        shift, x = shift - 1 / x, x + 1
    square = 1 / (x * x)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
    return shift + log(x) - 1 / (2 * x) - series


def trigamma(x: float) -> float:
    """The derivative of `digamma`, for x above 0.

    Source: Abramowitz and Stegun 6.4.6 and 6.4.12.
    """
    shift = 0.0
    while x < _SERIES_FROM:
        shift, x = shift + 1 / (x * x), x + 1
    square = 1 / (x * x)
    series = square / x * (1 / 6 - square * (1 / 30 - square * (1 / 42 - square / 30)))
    return shift + 1 / x + square / 2 + series


def _inverse_trigamma(value: float) -> float:
    """By halving on a logarithmic scale: the function falls from infinity to 0."""
    low, high = _LEAST_HALF, _MOST_HALF
    for _ in range(_HALVINGS):
        middle = sqrt(low * high)
        low, high = (middle, high) if trigamma(middle) > value else (low, middle)
    return low
