"""BERT-base at batch 1 on an H200, FP16: matrix products that fill a buffer before their kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import measured

from trtcore.result.analysis.reconciliation.kernels import layer_kernels
from trtcore.result.analysis.reconciliation.reconcile import reconcile_profile
from trtcore.result.records.kernel_pass import KernelPass
from trtcore.result.records.profile import Profile

MEMSET = "[CUDA memset]"


@pytest.fixture(scope="module")
def bert() -> Profile:
    return measured("bert_base_memsets")


def without_memsets(kernels: KernelPass) -> KernelPass:
    """What was recorded before memsets were."""
    kept = np.array([name != MEMSET for name in kernels.names])
    assert kernels.profiled is not None
    profiled = replace(
        kernels.profiled,
        kernel_ms=kernels.profiled.kernel_ms[:, kept],
        start_ms=kernels.profiled.start_ms[:, kept],
    )

    def pick(values: tuple) -> tuple:
        return tuple(value for value, keep in zip(values, kept, strict=True) if keep)

    return replace(
        kernels,
        names=pick(kernels.names),
        streams=pick(kernels.streams),
        layers=pick(kernels.layers),
        kernel_ms=kernels.kernel_ms[:, kept],
        start_ms=kernels.start_ms[:, kept],
        profiled=profiled,
    )


def test_each_memset_is_led_to_a_matrix_product(bert: Profile) -> None:
    assert bert.kernels is not None
    owners = {
        owner
        for owner, name in zip(bert.kernels.layers, bert.kernels.names, strict=True)
        if name == MEMSET
    }
    names = sorted(bert.layers[owner].name.rsplit("_", 2)[0] for owner in owners)
    assert names == sorted(f"/net/encoder/layer.{i}/output/dense/MatMul" for i in range(12))
    count = layer_kernels(bert.kernels, len(bert.layers)).count
    assert [i for i, kernels in enumerate(count) if kernels == 2] == sorted(owners)


def test_nothing_is_counted_twice_with_memsets(bert: Profile) -> None:
    found = reconcile_profile(bert)
    assert found is not None
    assert abs(found.unexplained_share) <= 0.02  # the goal of docs/method_details.md


def test_without_them_their_time_is_in_a_layer_and_in_a_gap(bert: Profile) -> None:
    assert bert.kernels is not None
    blind = reconcile_profile(replace(bert, kernels=without_memsets(bert.kernels)))
    seen = reconcile_profile(bert)
    assert blind is not None
    assert seen is not None
    # Twelve memsets of more than 1 us, in a span of 560 us.
    assert blind.unexplained_share < seen.unexplained_share - 0.02
