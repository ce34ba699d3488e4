"""Operators whose results are indices where what they read is."""

from __future__ import annotations

HANDED_ON = frozenset(
    {
        "Cast",
        "Expand",
        "Flatten",
        "Gather",
        "GatherElements",
        "GatherND",
        "Identity",
        "Reshape",
        "Slice",
        "Squeeze",
        "Tile",
        "Transpose",
        "Unsqueeze",
    }
)
"""Hand on their first input as it is."""

JOINED = frozenset({"Concat", "Where"})
"""Read one value or another, and hand on all of them."""
