"""Seeded random weights: the same for a layer on every machine and in every run."""

from __future__ import annotations

import math
import zlib

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import OptionError


def he_normal(name: str, shape: tuple[int, ...], fan_in: int, seed: int) -> NDArray[np.float32]:
    """Draws He-normal weights that depend on the name, the shape and the seed alone.

    Args:
        name: the layer's name; it keys the random stream, so the order of layers does not matter.
        shape: shape of the result.
        fan_in: values that one output value is summed from, at least 1.
        seed: any integer >= 0.

    Returns:
        float32 of that shape, mean 0, standard deviation ``sqrt(2 / fan_in)``: what keeps the
        size of activations about the same through ReLU layers, so that nothing overflows FP16.

    Raises:
        OptionError: the seed is negative.

    Source: He et al. 2015, "Delving Deep into Rectifiers", section 2.2.
    """
    if seed < 0:
        raise OptionError(f"seed {seed} is negative, use an integer >= 0")
    # CRC-32 and not hash(): Python salts the hash of a string anew in every process.
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    weights = generator.standard_normal(shape, dtype=np.float32)
    weights *= np.float32(math.sqrt(2.0 / fan_in))
    return weights
