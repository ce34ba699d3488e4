"""A table that another tool printed, as a `Profile` like any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trtcore.errors import ResultError
from trtcore.result.layers import IOTensor, Layer, ModelRecord
from trtcore.result.records import Counts, Profile
from trtcore.result.samples import Samples
from trtcore.system.records import Environment

Row = tuple[Layer, float]
_MOST_MISSING = 0.2


def make_profile(
    rows: Sequence[Row],
    *,
    source: str,
    source_tool: str,
    method: str,
    whole_ms: float | None = None,
    iterations: int = 1,
    io: tuple[IOTensor, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Profile:
    """Makes a profile of one figure per layer.

    Args:
        rows: what each layer is, and its time in ms.
        source: where the table came from; its name without folder and ending names the model.
        source_tool: the tool that timed it, by its name in `trtcore.result.backends`.
        method: how it was timed, in words.
        whole_ms: time of one forward pass, where the tool timed that apart from the layers.
        iterations: how many the figures are the mean or median of.
        io: inputs and outputs, where the tool names them.
        warnings: what was odd about the table.

    Raises:
        ResultError: no rows, or a time that is not a number.
    """
    if not rows:
        raise ResultError(f"{source}: no layer times in it")
    bad = next((layer.name for layer, ms in rows if not np.isfinite(ms)), None)
    if bad is not None:
        raise ResultError(f"{source}: layer '{bad}' has a time that is not a number")
    whole = [] if whole_ms is None else [whole_ms]
    return Profile(
        model=ModelRecord(Path(source).stem, source),
        backend=source_tool,
        precision="",
        batch=0,
        method=method,
        io=io,
        layers=tuple(layer for layer, _ in rows),
        samples=Samples(
            layer_ms=np.array([[ms for _, ms in rows]], dtype=np.float32),
            wall_ms=np.array(whole, dtype=np.float32),
        ),
        counts=Counts(asked=iterations, warmed_up=0, measured=iterations),
        environment=Environment("", "", "", "", "", ""),
        warnings=warnings,
    )


def missing_rows(rows: Sequence[Row], whole_ms: float | None, whole: str) -> tuple[str, ...]:
    """Returns a warning if a table is not whole: no total at its end, or one that does not fit.

    Args:
        rows: what was found.
        whole_ms: time of one forward pass, as the table's last line tells it; None without one.
        whole: what that line begins with.
    """
    if whole_ms is None:
        return (f"it has no line '{whole}': part of the log may be missing",)
    total = sum(ms for _, ms in rows)
    if abs(total - whole_ms) < _MOST_MISSING * whole_ms:
        return ()
    if total > whole_ms:
        return (
            f"its rows add up to {total:.2f} ms, more than the {whole_ms:.2f} ms of the whole: "
            "that total is cut short, or rows are there twice",
        )
    return (f"its rows add up to {total:.2f} of {whole_ms:.2f} ms: part of the log is missing",)
