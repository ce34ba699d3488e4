"""A ratio of two times as a text, with as many digits as its size needs."""

from __future__ import annotations

# Below this, three decimals (or one of a percentage) would leave less than two digits.
_SMALL = 0.05


def ratio_text(ratio: float) -> str:
    """A ratio with three decimals; a small one with two significant digits."""
    return f"{ratio:.3f}" if not 0 < ratio < _SMALL else f"{ratio:.2g}"


def percent_text(ratio: float) -> str:
    """A ratio in percent, with a decimal; a small one with two significant digits."""
    return f"{ratio:.1%}" if not 0 < ratio < _SMALL else f"{100 * ratio:.2g}%"


def interval_text(interval: tuple[float, float]) -> str:
    """An interval of a ratio: ``0.912 to 0.934``."""
    return " to ".join(map(ratio_text, interval))
