"""A comparison for other programs: every figure as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from trtcore.compare.comparison import Change, Comparison
from trtcore.report.content.facts.method import method_text
from trtcore.report.content.warnings import comparison_notes
from trtcore.result.records.profile import Profile

if TYPE_CHECKING:
    from trtcore.compare.limits import LimitVerdict

SCHEMA = "trtcore/comparison"
SCHEMA_VERSION = 2


def comparison_json(comparison: Comparison) -> str:
    """Returns the comparison with its rows and totals; unknown figures are null."""
    return render_trees([comparison_tree(comparison)])


def render_trees(trees: Sequence[dict[str, Any]]) -> str:
    """Returns one document: the comparison, or a list of them where there are several."""
    # One comparison is no list, so that scripts for the common case need no index.
    return json.dumps(trees[0] if len(trees) == 1 else trees, indent=1, allow_nan=False) + "\n"


def comparison_tree(
    comparison: Comparison,
    *,
    files: tuple[str, str] = ("", ""),
    verdict: LimitVerdict | None = None,
) -> dict[str, Any]:
    """Returns a comparison as a tree for JSON.

    Args:
        comparison: the comparison.
        files: where base and new came from.
        verdict: of the limits; None without any.
    """
    return {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "base": _side(comparison.base, files[0]),
        "new": _side(comparison.new, files[1]),
        "limits": None if verdict is None or not verdict.conditions else _limits(verdict),
        "total": _row(comparison.total),
        "gated": None if comparison.gated is None else _row(comparison.gated),
        "layers": _row(comparison.layers),
        "rest": _row(comparison.rest),
        "rows": [_row(row) for row in comparison.rows],
        "notes": list(comparison_notes(comparison)),
    }


def _limits(verdict: LimitVerdict) -> dict[str, Any]:
    return {
        "conditions": [condition.text for condition in verdict.conditions],
        "broken": [{"condition": b.condition.text, "row": _row(b.row)} for b in verdict.broken],
        "doubtful": [{"condition": b.condition.text, "row": _row(b.row)} for b in verdict.doubtful],
    }


def _side(profile: Profile, file: str) -> dict[str, Any]:
    return {
        "file": file or None,
        "model": profile.model.name,
        "backend": profile.backend,
        "precision": profile.precision,
        "batch": profile.batch,
        "method": method_text(profile),
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
        "relative_ratio": None if isnan(row.relative_ratio) else row.relative_ratio,
        "is_conclusive": row.is_conclusive,
        "unmapped_ms": row.unmapped_ms,
        "nodes": list(row.nodes),
        "base_layers": list(row.base_layers),
        "new_layers": list(row.new_layers),
    }
