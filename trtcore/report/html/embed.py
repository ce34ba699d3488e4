"""Data inside a page: JSON that cannot end its element, packed numbers, and the page's policy."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from math import isfinite
from typing import Any

import numpy as np

from trtcore.report.content.times.spread import Spread
from trtcore.stats.arrays import Floats

# `</script>`, `<!--` and `&` could end or change the element, U+2028 and U+2029 end a line of
# JavaScript. Source: the HTML standard, "Restrictions for contents of script elements".
_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
_STEPS = 2**16 - 1
"""Packed numbers are 16 bits: a picture has a few hundred points, so 65,535 steps are exact."""
_DIGITS = 5
"""Significant digits of single figures: a picture shows three, a table four or five."""


def safe_json(value: Any) -> str:
    """Returns JSON that is inert as the text of a ``<script type="application/json">``."""
    # Lone surrogates, which names of other tools' files may hold, are no UTF-8.
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPED).encode(errors="backslashreplace").decode()


def figure(value: float | None) -> float | None:
    """Returns a number to five digits; None, as JSON has it, for one that is not known."""
    if value is None or not isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")


def packed(values: Floats, low: Floats, high: Floats) -> str:
    """Returns (C, P) numbers as base64 of 16 bits, each between its row's ``low`` and ``high``."""
    width = np.where(high > low, high - low, 1.0)[:, None]
    steps = np.rint((values - low[:, None]) / width * _STEPS).clip(0, _STEPS)
    return base64.b64encode(steps.astype("<u2").tobytes()).decode()


def packed_spread(spread: Spread) -> dict[str, Any]:
    """Returns histograms and series of C rows for ``data.js``, which unpacks a row when asked."""
    zero, tallest = np.zeros(len(spread.shares)), spread.shares.max(axis=1)
    low, high = spread.series_ms.min(axis=1), spread.series_ms.max(axis=1)
    return {
        "low": figures(spread.low_ms),
        "high": figures(spread.high_ms),
        "bars": spread.shares.shape[1],
        "tallest": figures(tallest),
        "shares": packed(spread.shares, zero, tallest),
        "points": spread.series_ms.shape[1],
        "least": figures(low),
        "most": figures(high),
        "series": packed(spread.series_ms, low, high),
        "perPoint": spread.per_point,
        "iterations": spread.iterations,
        "isEnd": spread.is_end,
    }


def figures(values: Iterable[float]) -> list[float | None]:
    """Returns numbers to five digits each."""
    return [figure(float(value)) for value in values]


def policy(scripts: Iterable[str]) -> str:
    """Returns a content security policy: these scripts and no others, and no request at all.

    Args:
        scripts: the texts of the page's script elements.
    """
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    # plotly sets styles from its script; images are those that it saves as PNG.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
