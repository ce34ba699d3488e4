"""A comparison for other programs: every figure as JSON."""

from __future__ import annotations

import json
from math import isnan
from typing import Any

from trtcore.comparison import Change, Comparison
from trtcore.result import Profile

SCHEMA = "trtcore/comparison"
SCHEMA_VERSION = 1


def render_json(comparison: Comparison) -> str:
    """Returns the comparison with its rows and totals; what is not known is null."""
    tree = {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "base": _side(comparison.base),
        "new": _side(comparison.new),
        "total": _row(comparison.total),
        "layers": _row(comparison.layers),
        "rest": _row(comparison.rest),
        "rows": [_row(row) for row in comparison.rows],
        "notes": list(comparison.notes),
    }
    return json.dumps(tree, indent=1, allow_nan=False) + "\n"


def _side(profile: Profile) -> dict[str, Any]:
    return {
        "model": profile.model.name,
        "backend": profile.backend,
        "precision": profile.precision,
        "batch": profile.batch,
        "method": profile.method,
        "device": profile.environment.device,
        "date": profile.environment.date,
    }


def _row(row: Change) -> dict[str, Any]:
    low, high = row.interval
    return {
        "name": row.name,
        "kind": row.kind,
        "base_ms": row.base_ms,
        "new_ms": row.new_ms,
        "difference_ms": row.difference_ms,
        "ratio": None if isnan(row.ratio) else row.ratio,
        "interval": None if isnan(low) else [low, high],
        "is_noise": row.is_noise,
        "against_rest": None if isnan(row.against_rest) else row.against_rest,
        "nodes": list(row.nodes),
        "base_layers": list(row.base_layers),
        "new_layers": list(row.new_layers),
    }
