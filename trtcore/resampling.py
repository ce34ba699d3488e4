"""How far two sets of samples can be told apart: batch medians, bootstrap intervals, noise.

Neighbouring iterations resemble each other, so it is medians of batches of neighbours that are
drawn again, and what correlation is left between batches widens the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

LARGEST_BATCH = 32
FEWEST_BATCHES = 6

_WANTED_BATCHES = 16
_DRAWS = 1000
_MOST_AUTOCORRELATION = 0.9

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is known of new over base, for each of R rows; NaN where it cannot be judged.

    Attributes:
        low: (R,) lower end of the 95 % interval over the ratio itself, such as 0.98.
        high: (R,) upper end over the ratio itself, such as 1.02.
        is_noise: (R,) whether the difference may be chance, judged for all rows at once; False
            where it cannot be judged.
    """

    low: Floats
    high: Floats
    is_noise: NDArray[np.bool_]


def batch_size(count: int) -> int:
    """Returns how many neighbouring iterations make a batch: 32, or fewer for 16 batches."""
    return max(1, min(LARGEST_BATCH, count // _WANTED_BATCHES))


def batch_medians(samples: NDArray[np.float32]) -> Floats:
    """Returns (B, L) medians of batches of neighbouring iterations of (N, L) samples.

    Batches are of `batch_size`; iterations beyond the last full batch join it.
    """
    count = len(samples)
    size = batch_size(count)
    batches = count // size
    if batches == 0:
        return np.empty((0, samples.shape[1]))
    starts = np.arange(batches) * size
    ends = np.append(starts[1:], count)
    medians = [np.median(samples[a:b], axis=0) for a, b in zip(starts, ends, strict=True)]
    return np.array(medians, dtype=np.float64)


def compare_batches(base: Floats, new: Floats, *, alarms: float = 0.05, seed: int = 0) -> Judgement:
    """Compares the means over batches of two runs, row by row.

    The interval of a row is the bootstrap's: batches are drawn again with replacement, 1000 times.
    Noise is judged for all rows together (Bonferroni), so that among many rows that did not change
    none stands out by chance more often than is allowed.

    Args:
        base: (B, R) batch medians.
        new: (C, R) batch medians.
        alarms: how often chance alone may make any row stand out.
        seed: of the draws.
    """
    rows = base.shape[1]
    fewest = min(len(base), len(new))
    if fewest < FEWEST_BATCHES or rows == 0:
        nothing = np.full(rows, np.nan)
        return Judgement(nothing, nothing, np.zeros(rows, dtype=np.bool_))
    usable = np.logical_and(*(_is_positive(batches) for batches in (base, new)))
    base, new = np.where(usable, base, 1.0), np.where(usable, new, 1.0)
    random = np.random.default_rng(seed)
    middle = np.log(new.mean(axis=0)) - np.log(base.mean(axis=0))
    draws = np.log(_draw(new, random)) - np.log(_draw(base, random)) - middle
    draws *= np.where(usable, _widening(base, new), np.nan)
    low, high = np.exp(np.quantile(draws, (0.025, 0.975), axis=0))
    reach = student_t(1 - alarms / 2 / rows, fewest - 1) * draws.std(axis=0)
    return Judgement(low, high, np.abs(middle) <= reach)


def student_t(probability: float, freedom: int) -> float:
    """Returns a quantile of Student's t distribution for at least 5 degrees of freedom.

    Source: the Cornish-Fisher expansion, Abramowitz and Stegun 26.7.5; within 1 % at 5 degrees and
    probabilities up to 0.995.
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + float(sum(term / freedom ** (i + 1) for i, term in enumerate(terms)))


def _is_positive(batches: Floats) -> NDArray[np.bool_]:
    """(R,) whether every batch of a row is a time that a ratio can be made of."""
    usable = np.isfinite(batches) & (batches > 0)
    positive: NDArray[np.bool_] = np.logical_and.reduce(usable, axis=0)
    return positive


def _draw(batches: Floats, random: np.random.Generator) -> Floats:
    """(draws, R) means of batches drawn with replacement."""
    count = len(batches)
    weights = random.multinomial(count, np.full(count, 1 / count), _DRAWS) / count
    means: Floats = weights @ batches
    return means


def _widening(base: Floats, new: Floats) -> Floats:
    """(R,) factor by which correlated batches make the error larger than the bootstrap sees."""
    most = np.maximum(_autocorrelation(base), _autocorrelation(new))
    factor: Floats = np.sqrt((1 + most) / (1 - most))
    return factor


def _autocorrelation(batches: Floats) -> Floats:
    """(R,) correlation of neighbouring batches, 0 to 0.9; 0 where it may be chance.

    Source: the correction for short series is Marriott and Pope's, Biometrika 41 (1954).
    """
    count = len(batches)
    centred = batches - batches.mean(axis=0)
    power = (centred**2).sum(axis=0)
    shared = (centred[1:] * centred[:-1]).sum(axis=0)
    found = np.divide(shared, power, out=np.zeros_like(power), where=power > 0)
    corrected = np.where(found > 1 / np.sqrt(count), found + (1 + 4 * found) / count, 0.0)
    clipped: Floats = corrected.clip(0.0, _MOST_AUTOCORRELATION)
    return clipped
