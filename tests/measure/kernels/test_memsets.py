"""Memsets are led to the layer of the kernel after them, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.measure._core import MEMSET_NAME
from trtcore.measure.kernels.mapping import KernelMap
from trtcore.measure.kernels.memsets import MemsetMerge, merge_memsets
from trtcore.result.records.kernel_pass import KernelMapping, MappingMethod, ProfiledKernels


@pytest.mark.parametrize(
    ("names", "streams", "owners", "columns"),
    [
        ("m a", [0, 0], (0, 0), (1,)),
        ("a m b", [0, 0, 0], (0, 1, 1), (0, 2)),
        ("m m a", [0, 0, 0], (0, 0, 0), (2,)),
        ("a b m", [0, 0, 0], (0, 1, 1), (0, 1)),
        ("m a b", [1, 0, 1], (1, 0, 1), (1, 2)),
        ("a m b m", [0, 1, 1, 0], (0, 1, 1, 0), (0, 2)),
    ],
)
def test_a_memset_goes_with_the_next_kernel_of_its_stream(
    names: str, streams: list[int], owners: tuple[int, ...], columns: tuple[int, ...]
) -> None:
    found = merge_memsets([MEMSET_NAME if name == "m" else name for name in names.split()], streams)
    assert found == MemsetMerge(owners, columns)


def test_there_is_nothing_to_merge_without_memsets_or_without_kernels() -> None:
    assert merge_memsets([], []) is None
    assert merge_memsets(["a", "b"], [0, 0]) is None
    assert merge_memsets([MEMSET_NAME, "a"], [1, 0]) is None


def test_a_kernel_begins_with_its_memset() -> None:
    merge = MemsetMerge((0, 1, 1), (0, 2))
    profiled = ProfiledKernels(
        layer_ms=np.ones((2, 2), np.float32),
        kernel_ms=np.array([[4, 1, 5], [4, 1, 6]], np.float32),
        start_ms=np.array([[0, 10, 12], [0, 9, 12]], np.float32),
    )
    found = merge.merged(profiled)
    assert found.start_ms.tolist() == [[0, 10], [0, 9]]
    assert found.kernel_ms.tolist() == [[4, 7], [4, 9]]
    assert found.layer_ms is profiled.layer_ms


def test_a_map_of_kernels_is_one_of_memsets_too() -> None:
    merge = MemsetMerge((0, 1, 1, 2), (0, 2, 3))
    mapping = KernelMapping(MappingMethod.TIMES, mapped=2, kernels=3, iterations=9)
    found = merge.spread(KernelMap((4, 7, -1), mapping))
    assert found == KernelMap((4, 7, 7, -1), mapping)
