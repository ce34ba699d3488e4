"""Sums and gaps of a traced pass, by hand and by law, and how it is saved."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import DATA

from trtcore.errors import ResultError
from trtcore.result.analysis.reconciliation.kernels import kernel_totals, layer_kernels
from trtcore.result.records.counts import Counts
from trtcore.result.records.kernel_pass import KernelMapping, KernelPass, MappingMethod
from trtcore.result.records.layers import Layer, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.result.saved import dump_profile, parse_profile
from trtcore.stats.timeline import idle_before
from trtcore.system.records import Environment

H200 = DATA / "layer_times_googlenet_fp16_serial_h200.json"


def made(start: object, length: object, layers: tuple[int, ...], **more: object) -> KernelPass:
    return KernelPass(
        names=tuple(f"k{i}" for i in range(len(layers))),
        streams=(0,) * len(layers),
        layers=layers,
        mapping=KernelMapping(MappingMethod.OTHER, note="by hand"),
        kernel_ms=np.array(length, np.float32),
        start_ms=np.array(start, np.float32),
        **more,  # type: ignore[arg-type]
    )


def test_one_stream_by_hand() -> None:
    kernels = made([[0, 3, 6, 10]] * 3, [[2, 3, 1, 5]] * 3, (0, 1, 1, -1))
    assert idle_before(kernels.start_ms, kernels.kernel_ms).tolist() == [[0, 1, 0, 3]] * 3
    layers = layer_kernels(kernels, 3)
    assert layers.count.tolist() == [1, 2, 0]
    assert layers.kernel_ms[:2].tolist() == [2, 4]
    assert layers.gap_ms[:2].tolist() == [0, 1]
    assert isnan(layers.kernel_ms[2])
    assert isnan(layers.gap_ms[2])
    totals = kernel_totals(kernels)
    assert (totals.count, totals.kernel_ms, totals.busy_ms) == (4, 11, 11)
    assert (totals.gap_ms, totals.span_ms) == (4, 15)
    assert (totals.unmapped, totals.unmapped_ms) == (1, 5)
    assert isnan(totals.slow_down)


def test_kernels_beside_each_other_are_no_gap() -> None:
    # b begins while a runs and ends after it; c was launched last but begins first of all.
    kernels = made([[1, 2, 0]], [[4, 5, 0.5]], (0, 1, 2))
    assert idle_before(kernels.start_ms, kernels.kernel_ms).tolist() == [[0.5, 0, 0]]
    totals = kernel_totals(kernels)
    assert (totals.kernel_ms, totals.busy_ms, totals.gap_ms, totals.span_ms) == (9.5, 6.5, 0.5, 7)


def test_medians_are_of_the_sums() -> None:
    kernels = made([[0, 2], [0, 2], [0, 9]], [[1, 1], [2, 2], [9, 1]], (0, 0))
    assert layer_kernels(kernels, 1).kernel_ms.tolist() == [4]
    assert kernel_totals(kernels).kernel_ms == 4


def test_the_slow_down_is_that_of_the_host() -> None:
    kernels = made(
        [[0]],
        [[1]],
        (0,),
        wall_ms=np.array([7.4, 7.4, 90], np.float32),
        plain_wall_ms=np.array([6.5, 6.5], np.float32),
    )
    assert kernel_totals(kernels).slow_down == pytest.approx(1.138, abs=1e-3)


def test_h200_kernels_add_up() -> None:
    rows = json.loads(H200.read_text())["layers"]
    times = np.array([[row["cupti_us"] for row in rows]]) / 1000
    start = np.cumsum(times, axis=1) - times
    totals = kernel_totals(made(start, times, tuple(range(80))))
    assert totals.kernel_ms == pytest.approx(0.634, abs=5e-4)
    assert totals.gap_ms == pytest.approx(0, abs=1e-5)


def test_nothing_traced_is_nan() -> None:
    kernels = made(np.empty((0, 2)), np.empty((0, 2)), (0, 1))
    assert isnan(kernel_totals(kernels).kernel_ms)
    assert isnan(layer_kernels(kernels, 2).kernel_ms[0])


spans = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 200)), min_size=1, max_size=20).map(
    lambda pairs: ([[p[0] for p in pairs]], [[p[1] for p in pairs]])
)


@given(spans)
def test_busy_and_idle_make_the_span(times: tuple[list, list]) -> None:
    start, length = (np.array(part, np.float32) for part in times)
    start -= start.min()
    totals = kernel_totals(made(start, length, (0,) * start.shape[1]))
    occupied = np.zeros(1300, bool)
    for begin, how_long in zip(start[0].astype(int), length[0].astype(int), strict=True):
        occupied[begin : begin + how_long] = True
    assert totals.busy_ms == occupied.sum()
    assert totals.busy_ms + totals.gap_ms == totals.span_ms
    assert totals.kernel_ms >= totals.busy_ms


def profile_with(kernels: KernelPass | None) -> Profile:
    return Profile(
        model=ModelRecord("net", "net.onnx"),
        backend="tensorrt_rtx",
        precision="fp16",
        batch=1,
        method=Method(note="by hand"),
        io=(),
        layers=(Layer("a"), Layer("b")),
        samples=Samples(np.ones((3, 2), np.float32), np.ones(3, np.float32)),
        counts=Counts(3, 0, 3),
        environment=Environment("", "", "", "", "", ""),
        kernels=kernels,
    )


def test_a_traced_pass_is_saved_with_its_profile() -> None:
    kernels = made(
        [[0, 2]], [[1, 1]], (0, -1), is_gated=True, discarded=2, wall_ms=np.ones(4, np.float32)
    )
    found = parse_profile(dump_profile(profile_with(kernels))).kernels
    assert found is not None
    for name in ("kernel_ms", "start_ms", "wall_ms", "plain_wall_ms"):
        assert np.array_equal(getattr(found, name), getattr(kernels, name))
    nothing = np.empty(0, np.float32)
    plain = {"kernel_ms": np.empty((0, 2)), "start_ms": np.empty((0, 2))}
    plain |= {"wall_ms": nothing, "plain_wall_ms": nothing}
    assert repr(replace(found, **plain)) == repr(replace(kernels, **plain))
    assert parse_profile(dump_profile(profile_with(None))).kernels is None


def test_results_from_before_kernels_are_read() -> None:
    tree = json.loads(dump_profile(profile_with(None)))
    del tree["kernels"]
    assert parse_profile(json.dumps(tree)).kernels is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("layers", [0, 2], "a kernel belongs to layer 2 of 2"),
        ("layers", [0, -2], "a kernel belongs to layer"),
        ("layers", [0], "2 kernels have 2 streams and 1 layers"),
        ("names", ["a", "b", "c"], "3 kernels have 2 streams"),
        ("streams", ["0", "1"], r"profile.kernels.streams\[0\] is '0', expected int"),
        ("kernel_ms", None, "profile.kernels.kernel_ms is not a packed float32 array"),
    ],
)
def test_a_damaged_traced_pass_is_refused(field: str, value: object, words: str) -> None:
    tree = json.loads(dump_profile(profile_with(made([[0, 2]], [[1, 1]], (0, 1)))))
    tree["kernels"][field] = value
    with pytest.raises(ResultError, match=words):
        parse_profile(json.dumps(tree))


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shapes \(\(1, 2\), \(1, 3\)\), expected \(N, 2\)"):
        made([[0, 2, 3]], [[1, 1]], (0, 1))
