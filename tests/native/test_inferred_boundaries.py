"""Finding where an iteration ends in the stream of layer names of a loop outside trtcore."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trtcore.measure import _core


def learn(sequence: str, *, expected: int = 0, capacity: int = 100) -> _core.LayerRecorder:
    """Plays one layer per letter; its time is its place in the stream."""
    recorder = _core.LayerRecorder(_core.IterationBoundary.INFERRED, capacity, expected)
    for place, name in enumerate(sequence):
        recorder.record(name, place)
    recorder.settle()
    return recorder


@pytest.mark.parametrize("expected", [0, 3, 2, 7], ids=["unknown", "right", "too low", "too high"])
def test_iterations_are_cut_where_the_sequence_repeats(expected: int) -> None:
    recorder = learn("abcabcabcabc", expected=expected)
    assert recorder.names == ["a", "b", "c"]
    assert recorder.samples().tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


def test_names_that_repeat_inside_an_iteration_do_not_end_it() -> None:
    recorder = learn("abacabacabac")
    assert recorder.names == ["a", "b", "a", "c"]
    assert recorder.iterations == 3


def test_a_boundary_inferred_too_early_is_inferred_again_without_loss() -> None:
    recorder = learn("ababc" * 3)
    assert recorder.names == ["a", "b", "a", "b", "c"]
    assert np.array_equal(recorder.samples(), np.arange(15, dtype=np.float32).reshape(3, 5))


def test_the_expected_count_settles_what_the_names_cannot() -> None:
    assert learn("abababab", expected=4).names == ["a", "b", "a", "b"]
    assert learn("abababab").names == ["a", "b"]


def test_a_last_iteration_that_is_not_whole_is_left_out() -> None:
    recorder = learn("abcabcab")
    assert recorder.samples().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_one_iteration_alone_is_settled_at_the_end() -> None:
    assert learn("abca").names == ["a", "b", "c"]
    assert learn("abcd").samples().tolist() == [[0, 1, 2, 3]]


def test_nothing_recorded_is_nothing_settled() -> None:
    recorder = learn("")
    assert (recorder.names, recorder.iterations) == ([], 0)


@pytest.mark.parametrize(
    ("sequence", "fault"),
    [
        ("abc" * 8 + "abx", ("unexpected layer", 8, 2, "x")),
        ("abc" * 8 + "x", ("unexpected layer", 8, 0, "x")),
        ("abc" * 8 + "ac", ("unexpected layer", 8, 1, "c")),
    ],
    ids=["renamed", "at the boundary", "left out"],
)
def test_a_late_change_is_a_fault_that_names_the_iteration(
    sequence: str, fault: tuple[object, ...]
) -> None:
    recorder = learn(sequence + "abc" * 3)
    assert recorder.fault == fault
    assert recorder.samples().shape == (8, 3)


def test_iterations_beyond_the_capacity_are_counted() -> None:
    recorder = learn("abc" * 10, capacity=4)
    assert recorder.samples().shape == (4, 3)
    assert (recorder.iterations, recorder.dropped) == (10, 6)


@settings(max_examples=200, deadline=None)
@given(st.text("abc", min_size=1, max_size=12), st.integers(4, 9))
def test_the_layers_found_always_explain_the_stream(sequence: str, repeats: int) -> None:
    recorder = learn(sequence * repeats, expected=len(sequence))
    assert recorder.fault is None
    assert recorder.names == list(sequence)
    expected = np.arange(len(sequence) * repeats, dtype=np.float32)
    assert np.array_equal(recorder.samples().ravel(), expected)
