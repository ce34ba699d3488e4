"""When work ran, by hand and by law."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trtcore.stats.timeline import idle_before, merge_runs

pieces = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 200), st.integers(-1, 4)),
    min_size=1,
    max_size=20,
)


def test_idle_before_is_told_in_the_order_given() -> None:
    # The third begins first, the first runs into the second.
    assert idle_before([[2, 5, 0]], [[4, 1, 1]]).tolist() == [[1, 0, 0]]


def test_a_run_of_one_owner_lasts_from_its_first_start_to_its_last_end() -> None:
    start, length = merge_runs([[0, 3, 6, 10, 20]], [[2, 2, 1, 5, 1]], [0, 1, 1, 1, 2])
    assert start.tolist() == [[0, 3, 20]]
    assert length.tolist() == [[2, 12, 1]]


def test_an_owner_that_comes_back_has_another_run() -> None:
    start, length = merge_runs([[0, 3, 6]], [[2, 2, 1]], [0, 1, 0])
    assert start.tolist() == [[0, 3, 6]]
    assert length.tolist() == [[2, 2, 1]]


def test_nobodys_work_stays_apart() -> None:
    start, length = merge_runs([[0, 3, 6]], [[2, 2, 1]], [-1, -1, 0])
    assert (start.tolist(), length.tolist()) == ([[0, 3, 6]], [[2, 2, 1]])


def test_nothing_has_no_runs() -> None:
    start, length = merge_runs(np.empty((3, 0)), np.empty((3, 0)), [])
    assert start.shape == length.shape == (3, 0)
    assert idle_before(start, length).shape == (3, 0)


@given(pieces)
def test_runs_span_what_their_pieces_span(found: list[tuple[int, int, int]]) -> None:
    start, length, owners = (np.array(part) for part in zip(*found, strict=True))
    begin, took = merge_runs(start[None], length[None], owners)
    assert begin.min() == start.min()
    assert (begin + took).max() == (start + length).max()
    assert took.sum() >= length.max()
    if (owners < 0).all():
        assert took[0].tolist() == length.tolist()


@given(pieces)
def test_gaps_of_runs_are_among_the_gaps_of_pieces(found: list[tuple[int, int, int]]) -> None:
    start, length, owners = (np.array(part) for part in zip(*found, strict=True))
    begin, took = merge_runs(start[None], length[None], owners)
    assert idle_before(begin, took).sum() <= idle_before([start], [length]).sum()
