"""Memsets among the kernels: each belongs to the layer whose kernel comes after it.

Some matrix products of TensorRT fill a buffer before their kernel, for sums that several blocks add
up. The layer's time holds both, so both have to be led to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trtcore.measure import _core
from trtcore.measure.kernels.mapping import KernelMap
from trtcore.result.records.kernel_pass import ProfiledKernels


@dataclass(frozen=True)
class MemsetMerge:
    """The columns of a kernel table with each memset merged into a kernel. K is all columns.

    Attributes:
        owners: (K,) the kernel, as a position among the kernels alone, that a column is part of.
        columns: positions of the kernels alone among all columns.
    """

    owners: tuple[int, ...]
    columns: tuple[int, ...]

    def merged(self, profiled: ProfiledKernels) -> ProfiledKernels:
        """Profiled iterations in which a kernel begins with its memset."""
        begins, ends = profiled.start_ms, profiled.start_ms + profiled.kernel_ms
        parts = [np.flatnonzero(np.equal(self.owners, i)) for i in range(len(self.columns))]
        start = np.stack([begins[:, part].min(axis=1) for part in parts], axis=1)
        end = np.stack([ends[:, part].max(axis=1) for part in parts], axis=1)
        return replace(profiled, start_ms=start, kernel_ms=end - start)

    def spread(self, found: KernelMap) -> KernelMap:
        """A map of the kernels alone, for all columns; its counts stay those of the kernels."""
        return replace(found, layers=tuple(found.layers[owner] for owner in self.owners))


def merge_memsets(names: Sequence[str], streams: Sequence[int]) -> MemsetMerge | None:
    """Gives each memset to the next kernel on its stream, or else to the one before.

    Args:
        names: (K,) in the order of launch.
        streams: (K,) number of the stream each ran on.

    Returns:
        None where there is no memset, or a stream has nothing else.
    """
    is_memset = [name == _core.MEMSET_NAME for name in names]
    columns = tuple(i for i, memset in enumerate(is_memset) if not memset)
    if len(columns) == len(names):
        return None
    numbers = {column: number for number, column in enumerate(columns)}
    owners = []
    for i, stream in enumerate(streams):
        mine = [column for column in columns if streams[column] == stream]
        if not mine:
            return None
        owners.append(numbers[next((column for column in mine if column >= i), mine[-1])])
    return MemsetMerge(tuple(owners), columns)
