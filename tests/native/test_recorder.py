"""The recorder under scripted calls, with boundaries marked by the caller."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.measure import _core


def play(recorder: _core.LayerRecorder, *layers: tuple[str, float]) -> None:
    recorder.begin_iteration()
    for name, ms in layers:
        recorder.record(name, ms)
    recorder.end_iteration()


@pytest.fixture
def recorder() -> _core.LayerRecorder:
    """Knows the layers a, b, a and has room for 2 iterations."""
    recorder = _core.LayerRecorder()
    play(recorder, ("a", 9), ("b", 9), ("a", 9))
    recorder.reserve(2)
    return recorder


def test_layers_are_keyed_by_position_so_names_may_repeat(recorder: _core.LayerRecorder) -> None:
    play(recorder, ("a", 1), ("b", 2), ("a", 3))
    play(recorder, ("a", 4), ("b", 5), ("a", 6))
    assert recorder.names == ["a", "b", "a"]
    assert recorder.samples().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert recorder.fault is None


def test_the_first_iteration_gives_names_and_no_sample() -> None:
    recorder = _core.LayerRecorder()
    assert recorder.names == []
    play(recorder, ("a", 1), ("b", 2))
    assert recorder.names == ["a", "b"]
    assert recorder.samples().shape == (0, 2)


def test_samples_are_a_view_in_c_order(recorder: _core.LayerRecorder) -> None:
    before = recorder.samples()
    play(recorder, ("a", 1), ("b", 2), ("a", 3))
    after = recorder.samples()
    play(recorder, ("a", 4), ("b", 5), ("a", 6))
    whole = recorder.samples()
    assert before.shape == (0, 3)
    assert after.dtype == np.float32
    assert whole.flags.c_contiguous
    assert not whole.flags.owndata
    assert np.shares_memory(after, whole)


def test_samples_outlive_the_recorder(recorder: _core.LayerRecorder) -> None:
    play(recorder, ("a", 1), ("b", 2), ("a", 3))
    samples = recorder.samples()
    del recorder
    assert samples.tolist() == [[1, 2, 3]]


def test_iterations_beyond_the_capacity_are_counted_and_checked(
    recorder: _core.LayerRecorder,
) -> None:
    for i in range(5):
        play(recorder, ("a", i), ("b", i), ("a", i))
    assert recorder.samples().tolist() == [[0, 0, 0], [1, 1, 1]]
    assert (recorder.iterations, recorder.dropped) == (5, 3)
    play(recorder, ("a", 1), ("c", 2), ("a", 3))
    assert recorder.fault == ("unexpected layer", 5, 1, "c")


@pytest.mark.parametrize(
    ("layers", "fault"),
    [
        ([("a", 1), ("x", 2), ("a", 3)], ("unexpected layer", 1, 1, "x")),
        ([("a", 1), ("b", 2)], ("missing layers", 1, 2, "")),
        ([], ("missing layers", 1, 0, "")),
        ([("a", 1), ("b", 2), ("a", 3), ("b", 4)], ("unexpected layer", 1, 3, "b")),
        ([("a", 1), ("bb", 2), ("a", 3)], ("unexpected layer", 1, 1, "bb")),
        ([("a", 1), ("", 2), ("a", 3)], ("unexpected layer", 1, 1, "")),
    ],
    ids=["renamed", "one missing", "none", "one too many", "longer name", "empty name"],
)
def test_a_changed_sequence_is_a_fault_that_names_the_iteration(
    recorder: _core.LayerRecorder, layers: list[tuple[str, float]], fault: tuple[object, ...]
) -> None:
    play(recorder, ("a", 1), ("b", 2), ("a", 3))
    play(recorder, *layers)
    assert recorder.fault == fault
    play(recorder, ("a", 7), ("b", 8), ("a", 9))
    assert recorder.fault == fault
    assert recorder.samples().tolist() == [[1, 2, 3]]


def test_a_long_name_is_cut_in_the_fault_only(recorder: _core.LayerRecorder) -> None:
    play(recorder, ("a", 1), ("y" * 1000, 2))
    assert recorder.fault == ("unexpected layer", 0, 1, "y" * 159)


@pytest.mark.parametrize("character", ["\u00e9", "\u20ac", "\U0001f600"])
@pytest.mark.parametrize("before", range(5))
def test_a_long_name_is_cut_between_characters(
    recorder: _core.LayerRecorder, character: str, before: int
) -> None:
    name = "y" * before + 100 * character
    recorder.begin_iteration()
    recorder.record(name, 1)
    assert recorder.fault is not None
    cut = recorder.fault[3]
    assert name.startswith(cut)
    assert 0 <= 159 - len(cut.encode()) < len(character.encode())


@pytest.mark.parametrize("ask", ["reserve", "stream"])
def test_no_memory_is_taken_before_the_layers_are_known(ask: str) -> None:
    recorder = _core.LayerRecorder()
    with pytest.raises(RuntimeError, match="the layers are not known yet: run an iteration before"):
        getattr(recorder, ask)(10)
    play(recorder, ("a", 1), ("b", 2))
    getattr(recorder, ask)(10)
    recorder.learn()
    with pytest.raises(RuntimeError, match="the layers are not known yet"):
        getattr(recorder, ask)(10)
    for _ in range(5):
        play(recorder, *((f"layer{i}", i) for i in range(2000)))
    assert recorder.samples().shape == (0, 2000)
    getattr(recorder, ask)(10)
    play(recorder, *((f"layer{i}", i) for i in range(2000)))
    assert recorder.samples().tolist() == [list(range(2000))]


def test_an_iteration_without_layers_is_a_fault_from_the_start() -> None:
    recorder = _core.LayerRecorder()
    play(recorder)
    assert recorder.fault == ("no layers", 0, 0, "")


def test_learning_again_forgets_fault_names_and_samples(recorder: _core.LayerRecorder) -> None:
    play(recorder, ("x", 1))
    recorder.learn()
    assert (recorder.fault, recorder.names) == (None, [])
    play(recorder, ("x", 1), ("y", 2))
    recorder.reserve(1)
    play(recorder, ("x", 3), ("y", 4))
    assert recorder.samples().tolist() == [[3, 4]]


def test_an_iteration_given_up_while_learning_leaves_nothing() -> None:
    recorder = _core.LayerRecorder()
    recorder.begin_iteration()
    recorder.record("a", 1)
    play(recorder, ("a", 1), ("b", 2))
    assert recorder.names == ["a", "b"]


def test_more_samples_than_memory_is_a_memory_error(recorder: _core.LayerRecorder) -> None:
    with pytest.raises(MemoryError):
        recorder.reserve(2**62)
    play(recorder, ("a", 1), ("b", 2), ("a", 3))
    assert recorder.fault is None
