"""From CUPTI's kernel records to a table: one row per iteration, one column per kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.stats.arrays import FloatArray

Records = NDArray[Any]
Nanoseconds = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class KernelTable:
    """Kernels of whole iterations, in the order they are launched.

    Attributes:
        names: (K,)
        streams: (K,) from 0 in the order of first use.
        start_ns: (N, K) int64, on the clock of the records.
        end_ns: (N, K) int64.
        iterations: (N,) numbers of the iterations that are in the table, ascending.
        discarded: iterations that are not, because kernels of theirs are missing or others are
            among them.
    """

    names: tuple[str, ...]
    streams: tuple[int, ...]
    start_ns: Nanoseconds
    end_ns: Nanoseconds
    iterations: tuple[int, ...]
    discarded: int

    @property
    def kernel_ms(self) -> FloatArray:
        """(N, K) float32: how long each kernel took."""
        return _as_ms(self.end_ns - self.start_ns)

    @property
    def start_ms(self) -> FloatArray:
        """(N, K) float32: when each began, after the first one of its iteration."""
        if self.start_ns.size == 0:
            return np.empty(self.start_ns.shape, np.float32)
        return _as_ms(self.start_ns - self.start_ns.min(axis=1, keepdims=True))


def tabulate(records: Records, names: Sequence[str], iterations: int) -> KernelTable:
    """Sorts kernel records into a table.

    A stream runs its kernels in order, so a kernel is known by its stream and its place there.
    Iterations whose streams do not hold the names that most iterations hold are left out.

    Args:
        records: (R,) structured, with ``start_ns``, ``end_ns``, ``name``, ``stream``, ``launch``
            and ``iteration``, in any order; those with an iteration outside 0 to
            ``iterations - 1`` are not heeded.
        names: what ``name`` points into.
        iterations: how many were run.
    """
    inside = (records["iteration"] >= 0) & (records["iteration"] < iterations)
    records = records[inside]
    whole = _whole_iterations(records, iterations)
    rows = list(whole)
    if not rows or len(whole[rows[0]]) == 0:
        return _empty(iterations)
    table = np.stack([whole[row] for row in rows])
    table = table[:, _launch_order(table)]
    streams = table["stream"][0].tolist()
    numbers = {stream: i for i, stream in enumerate(dict.fromkeys(streams))}
    return KernelTable(
        names=tuple(names[i] for i in table["name"][0]),
        streams=tuple(numbers[stream] for stream in streams),
        start_ns=table["start_ns"].astype(np.int64),
        end_ns=table["end_ns"].astype(np.int64),
        iterations=tuple(rows),
        discarded=iterations - len(rows),
    )


def _as_ms(times: Nanoseconds) -> FloatArray:
    return np.asarray(times / 1e6, dtype=np.float32)


def _empty(iterations: int) -> KernelTable:
    nothing = np.empty((0, 0), np.int64)
    return KernelTable((), (), nothing, nothing, (), iterations)


def _whole_iterations(records: Records, iterations: int) -> dict[int, Records]:
    """The records of the iterations that are alike, sorted by stream and start, by number."""
    # By mark first: where both give as many alike iterations, `max` keeps the first.
    split = [_split_by_mark(records, iterations), _split_by_count(records, iterations)]
    return max((_most_alike(parts) for parts in split), key=len)


def _split_by_mark(records: Records, iterations: int) -> Iterator[Records]:
    for i in range(iterations):
        yield records[records["iteration"] == i]


def _split_by_count(records: Records, iterations: int) -> Iterator[Records]:
    """Equal parts in order of time: iterations do not overlap, as the host waits between them.

    Marks are taken on the host's clock and can miss a kernel by the error of the two clocks.
    """
    if iterations and len(records) % iterations == 0:
        in_time = records[np.argsort(records["start_ns"], kind="stable")]
        yield from np.split(in_time, iterations)


def _most_alike(parts: Iterator[Records]) -> dict[int, Records]:
    ordered = [part[np.lexsort((part["start_ns"], part["stream"]))] for part in parts]
    signatures = [(part["stream"].tobytes(), part["name"].tobytes()) for part in ordered]
    if not signatures:
        return {}
    usual, _ = Counter(signatures).most_common(1)[0]
    return {i: part for i, part in enumerate(ordered) if signatures[i] == usual}


def _launch_order(table: Records) -> NDArray[np.intp]:
    """The order of the columns: of launch where that was recorded, else of start, by median."""
    ids = table["launch"]
    is_numbered = all(np.unique(row).size == row.size for row in ids)
    keys = ids if is_numbered else table["start_ns"]
    # Ranks instead of ids: ids grow from one iteration to the next. The inner argsort gives the
    # order, the outer one the rank of each column.
    ranks = np.argsort(np.argsort(keys, axis=1, kind="stable"), axis=1, kind="stable")
    return np.argsort(np.median(ranks, axis=0), kind="stable")
