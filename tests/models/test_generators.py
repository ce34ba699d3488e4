"""The values that generators make."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.errors import OptionError
from trtcore.models.generators import generate
from trtcore.models.input_texts import parse_generator


def made(text: str, *shape: int) -> np.ndarray:
    return generate(parse_generator(text), shape, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zeros", [[0, 0, 0], [0, 0, 0]]),
        ("ones", [[1, 1, 1], [1, 1, 1]]),
        ("arange", [[0, 1, 2], [0, 1, 2]]),
        ("constant(-2.5)", [[-2.5] * 3] * 2),
        ("values(1,2,3,4,5,6)", [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_fixed_values(text: str, expected: list[list[float]]) -> None:
    assert made(text, 2, 3).tolist() == expected


def test_scalars() -> None:
    assert [made(text).tolist() for text in ("ones", "arange", "values(7)")] == [1, 0, 7]


def test_whole_numbers_reach_both_ends_and_no_further() -> None:
    assert sorted(set(made("randint(-1,3)", 500).tolist())) == [-1, 0, 1, 2]


def test_random_fractions() -> None:
    normal, uniform = made("normal(3,2)", 20_000), made("uniform(-1,3)", 20_000)
    # Five standard errors of 20,000 values: 2 / sqrt(20000), and 4 / sqrt(12 * 20000).
    assert abs(normal.mean() - 3) < 0.071
    assert abs(normal.std() - 2) < 0.05
    assert abs(uniform.mean() - 1) < 0.041
    assert -1 <= uniform.min() < -0.99 < 2.99 < uniform.max() < 3


def test_another_number_of_values() -> None:
    with pytest.raises(OptionError, match=r"^2 values do not fill the shape 3$"):
        made("values(1,2)", 3)
    with pytest.raises(OptionError, match=r"^1 value does not fill the shape 2x2$"):
        made("values(1)", 2, 2)
