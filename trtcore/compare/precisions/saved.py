"""Saved comparisons of precisions."""

from __future__ import annotations

from pathlib import Path

from trtcore.compare.precisions.comparison import PrecisionComparison, PrecisionRow
from trtcore.result.checks import check_shapes
from trtcore.result.saved import PRECISIONS_SCHEMA, SCHEMA_VERSION, Schema, dump_tree, parse_tree
from trtcore.result.schema1.upgrade import upgraded_precisions
from trtcore.system.files import read_text, write_file


def save_precisions(comparison: PrecisionComparison, path: str | Path) -> None:
    """Writes a comparison with its profiles as one JSON file, aside first and then renamed.

    Raises:
        ResultError: the path cannot be written.
    """
    write_file(path, dump_precisions(comparison).encode())


def dump_precisions(comparison: PrecisionComparison) -> str:
    """Returns a comparison with its profiles as JSON text."""
    return dump_tree(comparison, PRECISIONS_SCHEMA, SCHEMA_VERSION)


def load_precisions(path: str | Path) -> PrecisionComparison:
    """Reads what `save_precisions` wrote.

    Raises:
        ResultError: not there, not JSON, no such comparison, or of a newer schema.
    """
    return parse_precisions(read_text(path), str(path))


def parse_precisions(text: str, source: str = "comparison") -> PrecisionComparison:
    """Reads the JSON text of a comparison; ``source`` names it in error messages."""
    schema = Schema(PRECISIONS_SCHEMA, SCHEMA_VERSION, upgraded_precisions)
    return parse_tree(PrecisionComparison, text, source, schema, _check)


def _check(comparison: PrecisionComparison) -> None:
    count = len(comparison.precisions)
    for profile in comparison.profiles:
        check_shapes(profile)
    if len(comparison.profiles) != count:
        raise ValueError(f"{count} precisions have {len(comparison.profiles)} profiles")
    for row in _all_rows(comparison):
        if len(row.times) != count:
            raise ValueError(f"row '{row.name}' has {len(row.times)} times of {count} precisions")


def _all_rows(comparison: PrecisionComparison) -> tuple[PrecisionRow, ...]:
    return (
        *comparison.rows,
        comparison.reformats,
        comparison.rest,
        comparison.layers,
        *comparison.totals,
    )
