"""Streaming: statistics of every iteration and the samples of the last ones."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats_reference import bucket_of

from trtcore.measure import _core
from trtcore.measure.engine_runs.store import recorded_histograms
from trtcore.stats.histogram import TimeHistograms, fold, merge


def play(recorder: _core.LayerRecorder, rows: np.ndarray) -> None:
    names = [f"layer{i}" for i in range(rows.shape[1])]
    for row in rows:
        recorder.begin_iteration()
        for name, ms in zip(names, row, strict=True):
            recorder.record(name, ms)
        recorder.end_iteration()


def streaming(layers: int, kept: int) -> _core.LayerRecorder:
    recorder = _core.LayerRecorder()
    play(recorder, np.ones((1, layers), np.float32))
    recorder.stream(kept)
    return recorder


def times(rows: int, layers: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    levels = rng.lognormal(-4, 2, layers)
    return (levels * rng.lognormal(0, 0.04, (rows, layers))).astype(np.float32)


def histograms(recorder: _core.LayerRecorder) -> TimeHistograms:
    found = recorded_histograms(recorder)
    assert found is not None
    return found


@pytest.mark.parametrize("rows", [1, 255, 256, 257, 700, 1024])
@pytest.mark.parametrize("layers", [1, 8, 11])
def test_statistics_are_those_of_all_iterations(rows: int, layers: int) -> None:
    samples = times(rows, layers)
    recorder = streaming(layers, 10)
    play(recorder, samples)
    found = histograms(recorder)
    exact = samples.astype(np.float64)
    assert found.count == rows
    np.testing.assert_allclose(found.mean_ms, exact.mean(axis=0), rtol=1e-12)
    squares = ((exact - exact.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(found.deviations_ms2, squares, rtol=1e-9, atol=1e-18)
    assert np.array_equal(found.min_ms, samples.min(axis=0))
    assert np.array_equal(found.max_ms, samples.max(axis=0))
    counted = [np.bincount(bucket_of(column), minlength=4354) for column in samples.T]
    assert np.array_equal(found.buckets, counted)


@pytest.mark.parametrize("kept", [1, 255, 256, 257, 600])
@pytest.mark.parametrize("rows", [1, 256, 600, 1300])
def test_the_last_iterations_are_kept_in_order(rows: int, kept: int) -> None:
    samples = times(rows, 3)
    recorder = streaming(3, kept)
    play(recorder, samples)
    assert np.array_equal(recorder.samples(), samples[-kept:])
    assert (recorder.iterations, recorder.dropped) == (rows, max(rows - kept, 0))


def test_reading_in_between_changes_nothing() -> None:
    samples = times(900, 5)
    once, often = streaming(5, 16), streaming(5, 16)
    play(once, samples)
    for part in np.array_split(samples, 37):
        play(often, part)
        assert np.array_equal(often.samples()[-len(part) :], part[-16:])
        histograms(often)
    one, other = histograms(once), histograms(often)
    assert np.array_equal(one.buckets, other.buckets)
    np.testing.assert_allclose(one.mean_ms, other.mean_ms, rtol=1e-13)
    np.testing.assert_allclose(one.deviations_ms2, other.deviations_ms2, rtol=1e-9)


def test_an_iteration_given_up_leaves_no_trace() -> None:
    samples = times(300, 2)
    recorder = streaming(2, 300)
    play(recorder, samples[:257])
    recorder.begin_iteration()
    recorder.record("layer0", 99.0)
    play(recorder, samples[257:])
    assert np.array_equal(recorder.samples(), samples)
    assert histograms(recorder).count == 300
    assert histograms(recorder).max_ms.max() < 99


def test_a_fault_keeps_what_was_whole() -> None:
    recorder = streaming(2, 4)
    play(recorder, times(300, 2))
    recorder.begin_iteration()
    recorder.record("other", 1.0)
    assert recorder.fault == ("unexpected layer", 300, 0, "other")
    assert histograms(recorder).count == 300


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=50))
def test_every_float_has_the_bucket_that_the_reference_says(values: list[float]) -> None:
    samples = np.array(values, np.float32)[:, None]
    recorder = streaming(1, 1)
    play(recorder, samples)
    counted = np.bincount(bucket_of(samples[:, 0]), minlength=4354)
    assert np.array_equal(histograms(recorder).buckets[0], counted)


def test_shards_merge_to_the_same_bits() -> None:
    samples = times(2000, 9)
    whole = fold(samples)
    for shards in (2, 3, 7):
        recorded = []
        for part in np.array_split(samples, shards):
            recorder = streaming(9, 1)
            play(recorder, part)
            recorded.append(histograms(recorder))
        for parts in (recorded, recorded[::-1]):
            merged = merge(parts)
            assert merged.count == 2000
            assert merged.buckets.tobytes() == whole.buckets.tobytes()
            assert merged.min_ms.tobytes() == whole.min_ms.tobytes()
            np.testing.assert_allclose(merged.mean_ms, whole.mean_ms, rtol=1e-13)
            np.testing.assert_allclose(merged.deviations_ms2, whole.deviations_ms2, rtol=1e-9)


def test_a_matrix_has_no_statistics(recorder: _core.LayerRecorder) -> None:
    assert recorder.statistics() is None
    assert recorded_histograms(recorder) is None


def test_streaming_starts_anew_and_reserving_ends_it() -> None:
    recorder = streaming(2, 4)
    play(recorder, times(10, 2))
    before = histograms(recorder)
    recorder.stream(4)
    assert recorded_histograms(recorder) is None
    play(recorder, times(3, 2))
    assert histograms(recorder).count == 3
    assert (before.count, before.buckets.sum()) == (10, 20)
    recorder.reserve(2)
    play(recorder, times(3, 2))
    assert recorder.statistics() is None
    assert recorder.samples().shape == (2, 2)
    recorder.learn()
    play(recorder, times(1, 3))
    recorder.stream(2)
    assert recorded_histograms(recorder) is None


def test_what_was_read_stays_as_it_was() -> None:
    samples = times(700, 2)
    recorder = streaming(2, 4)
    play(recorder, samples[:10])
    before = histograms(recorder)
    play(recorder, samples[10:])
    assert histograms(recorder).count == 700
    expected = fold(samples[:10])
    assert (before.count, before.buckets.sum()) == (10, 20)
    for name in ("mean_ms", "deviations_ms2"):
        np.testing.assert_allclose(getattr(before, name), getattr(expected, name), rtol=1e-9)
    for name in ("min_ms", "max_ms", "buckets"):
        assert np.array_equal(getattr(before, name), getattr(expected, name))


def test_the_arrays_outlive_the_recorder_and_cannot_be_written() -> None:
    recorder = streaming(2, 4)
    samples = times(5, 2)
    play(recorder, samples)
    last, found = recorder.samples(), histograms(recorder)
    del recorder
    gc.collect()
    assert np.array_equal(last, samples[1:])
    assert found.buckets.sum() == 10
    with pytest.raises(ValueError, match="read-only"):
        found.buckets[0, 0] = 1


@pytest.mark.parametrize("kept", [2**62, 2**64 - 1])
def test_too_much_to_keep_is_a_memory_error_that_changes_nothing(kept: int) -> None:
    recorder = streaming(3, 4)
    samples = times(6, 3)
    play(recorder, samples[:3])
    for ask in (recorder.stream, recorder.reserve):
        with pytest.raises(MemoryError):
            ask(kept)
    play(recorder, samples[3:])
    assert np.array_equal(recorder.samples(), samples[2:])
    assert histograms(recorder).count == 6


def learned(kept: int, expected: int = 0) -> _core.LayerRecorder:
    recorder = _core.LayerRecorder(_core.IterationBoundary.INFERRED, 1, expected)
    recorder.stream(kept)
    return recorder


def test_inferred_boundaries_stream_too() -> None:
    recorder = learned(300)
    samples = times(700, 3)
    for count, ms in enumerate(samples.ravel()):
        recorder.record("aba"[count % 3] + str(count % 3), ms)
        if count == 1000:
            assert histograms(recorder).count == 333
    assert histograms(recorder).count == 700
    assert np.array_equal(recorder.samples(), samples[-300:])
    assert np.array_equal(histograms(recorder).buckets, fold(samples).buckets)
    assert recorder.fault is None


def test_a_boundary_inferred_too_early_is_inferred_again() -> None:
    recorder = learned(8, expected=2)
    sequence = "ababc" * 40
    for ms, name in enumerate(sequence):
        recorder.record(name, ms)
    assert recorder.names == list("ababc")
    assert histograms(recorder).count == 40
    assert np.array_equal(histograms(recorder).min_ms, np.arange(5))
    assert np.array_equal(recorder.samples()[-1], np.arange(195, 200))


def test_too_little_memory_for_layers_that_were_learned_is_a_fault() -> None:
    recorder = learned(2**62)
    recorder.record("a", 1)
    with pytest.raises(MemoryError):
        recorder.settle()
    for _ in range(3):
        recorder.record("a", 2)
    assert recorder.fault is not None
    assert recorder.fault[0] == "out of memory"
    assert recorder.samples().shape[0] == 0


def test_nothing_came_at_all() -> None:
    recorder = learned(8)
    recorder.settle()
    assert recorded_histograms(recorder) is None
    assert recorder.samples().shape == (0, 0)


def test_the_native_loop_streams(rig: Any, recorder: _core.LayerRecorder) -> None:
    recorder.stream(100)
    rig.record(recorder, 1000)
    rig.record(recorder, 234)
    found = histograms(recorder)
    assert found.count == 1234
    assert found.mean_ms.tolist() == [0.5, 0.25, 1.5]
    assert found.deviations_ms2.tolist() == [0, 0, 0]
    assert np.array_equal(recorder.samples(), np.tile(np.float32([0.5, 0.25, 1.5]), (100, 1)))
