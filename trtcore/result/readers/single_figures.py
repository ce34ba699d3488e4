"""A table of another tool, with one figure per layer, as a `Profile` like any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trtcore.errors import ResultError
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import IOTensor, Layer, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.records import Environment

Row = tuple[Layer, float]
# Of the whole. A trade-off: above what a tool may spend between layers, below what a lost page of a
# log takes away; a few lost rows go unseen.
_MOST_MISSING = 0.2


def make_profile(
    rows: Sequence[Row],
    *,
    source: str,
    source_tool: str,
    method: Method,
    whole_ms: float | None = None,
    iterations: int = 1,
    io: tuple[IOTensor, ...] = (),
    warnings: tuple[RunWarning, ...] = (),
) -> Profile:
    """Makes a profile of one figure per layer.

    Args:
        rows: what each layer is, and its time in ms.
        source: where the table came from; its name without folder and ending names the model.
        source_tool: the tool that timed it, by its name in `trtcore.result.backends`.
        method: how it was timed.
        whole_ms: time of one forward pass, where the tool timed that apart from the layers.
        iterations: how many the figures are the mean or median of.
        io: inputs and outputs, where the tool names them.
        warnings: what was odd about the table.

    Raises:
        ResultError: no rows, or a time that is not a number.
    """
    _check_rows(rows, source)
    return Profile(
        model=ModelRecord(Path(source).stem, source),
        backend=source_tool,
        precision="",
        batch=0,  # unknown: these tables do not state it, so there is no throughput
        method=method,
        io=io,
        layers=tuple(layer for layer, _ in rows),
        samples=_samples(rows, whole_ms),
        counts=Counts(asked=iterations, warmed_up=0, measured=iterations),
        environment=Environment("", "", "", "", "", ""),
        warnings=warnings,
    )


def _samples(rows: Sequence[Row], whole_ms: float | None) -> Samples:
    return Samples(
        layer_ms=np.array([[ms for _, ms in rows]], dtype=np.float32),
        wall_ms=np.array([] if whole_ms is None else [whole_ms], dtype=np.float32),
    )


def _check_rows(rows: Sequence[Row], source: str) -> None:
    if not rows:
        raise ResultError(f"{source}: no layer times in it")
    bad = next((layer.name for layer, ms in rows if not np.isfinite(ms)), None)
    if bad is not None:
        raise ResultError(f"{source}: layer '{bad}' has a time that is not a number")


def missing_rows(rows: Sequence[Row], whole_ms: float | None, whole: str) -> tuple[RunWarning, ...]:
    """Returns a warning if a table is not whole: no total at its end, or one that does not fit.

    Args:
        rows: what was found.
        whole_ms: time of one forward pass, from the table's last line; None without one.
        whole: what that line begins with.
    """
    if whole_ms is None:
        return (RunWarning(WarningKind.NO_TOTAL, names=(whole,)),)
    total = sum(ms for _, ms in rows)
    if abs(total - whole_ms) < _MOST_MISSING * whole_ms:
        return ()
    is_more = total > whole_ms
    kind = WarningKind.ROWS_EXCEED_TOTAL if is_more else WarningKind.ROWS_MISSING
    return (RunWarning(kind, (total, whole_ms)),)
