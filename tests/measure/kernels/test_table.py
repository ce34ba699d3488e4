"""From kernel records to a table: hand-made records, in and out of order, whole and not."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.measure.kernels.table import KernelTable, Records, tabulate

NAMES = ("conv", "pool", "fc")
FIELDS = [
    ("start_ns", "<u8"),
    ("end_ns", "<u8"),
    ("name", "<u4"),
    ("stream", "<u4"),
    ("launch", "<u4"),
    ("iteration", "<i4"),
]


def records(*rows: tuple[int, int, int, int, int, int]) -> Records:
    """Start, end, name, stream, launch, iteration of each record."""
    return np.array(list(rows), dtype=FIELDS)


def iteration(number: int, begin: int, launch: int = 0) -> list[tuple[int, ...]]:
    """Three kernels: conv on stream 7, then pool on 13 beside fc on 7 that was launched after."""
    return [
        (begin, begin + 100, 0, 7, launch + 1, number),
        (begin + 110, begin + 200, 1, 13, launch + 2, number),
        (begin + 105, begin + 300, 2, 7, launch + 3, number),
    ]


def three_iterations() -> Records:
    rows = [row for i in range(3) for row in iteration(i, 1000 * (i + 1), 10 * i)]
    return np.array([tuple(row) for row in rows], dtype=FIELDS)


def check_three(table: KernelTable) -> None:
    assert table.names == ("conv", "pool", "fc")
    assert table.streams == (0, 1, 0)
    assert table.iterations == (0, 1, 2)
    assert table.discarded == 0
    assert table.start_ns.tolist() == [[b, b + 110, b + 105] for b in (1000, 2000, 3000)]
    assert table.end_ns.tolist() == [[b + 100, b + 200, b + 300] for b in (1000, 2000, 3000)]


def test_columns_are_in_the_order_of_launch() -> None:
    table = tabulate(three_iterations(), NAMES, 3)
    check_three(table)
    assert table.kernel_ms.dtype == table.start_ms.dtype == np.float32
    assert table.kernel_ms[0] == pytest.approx([0.0001, 0.00009, 0.000195])
    assert table.start_ms[0] == pytest.approx([0, 0.00011, 0.000105])


def test_the_order_of_the_records_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        check_three(tabulate(rng.permutation(three_iterations()), NAMES, 3))


def test_without_launch_numbers_the_order_is_that_of_starting() -> None:
    rows = three_iterations()
    rows["launch"] = 0
    table = tabulate(rows, NAMES, 3)
    assert table.names == ("conv", "fc", "pool")
    assert table.streams == (0, 0, 1)


def test_streams_that_start_in_turns_keep_their_columns() -> None:
    rows = three_iterations()
    rows["launch"] = 0
    rows["start_ns"][4] = 2101  # pool of the second iteration begins before its fc
    table = tabulate(rows, NAMES, 3)
    assert table.names == ("conv", "fc", "pool")
    assert table.start_ns[1].tolist() == [2000, 2105, 2101]


def test_a_name_may_repeat() -> None:
    rows = records(
        (10, 11, 0, 7, 1, 0), (12, 13, 0, 7, 2, 0), (20, 25, 0, 7, 3, 1), (26, 27, 0, 7, 4, 1)
    )
    table = tabulate(rows, NAMES, 2)
    assert table.names == ("conv", "conv")
    assert (table.end_ns - table.start_ns).tolist() == [[1, 1], [5, 1]]


def test_an_iteration_that_misses_a_kernel_is_left_out() -> None:
    table = tabulate(np.delete(three_iterations(), 4), NAMES, 3)
    assert table.iterations == (0, 2)
    assert table.discarded == 1
    assert table.start_ns[:, 0].tolist() == [1000, 3000]


def test_an_iteration_with_a_foreign_kernel_is_left_out() -> None:
    rows = np.append(three_iterations(), records((1500, 1600, 1, 99, 77, 0)))
    table = tabulate(rows, NAMES, 3)
    assert table.iterations == (1, 2)
    assert table.names == ("conv", "pool", "fc")


def test_a_mark_that_comes_late_is_made_good_by_the_count() -> None:
    rows = three_iterations()
    rows["iteration"][3] = 0  # the first kernel of the second iteration
    check_three(tabulate(rows, NAMES, 3))


def test_records_outside_the_iterations_are_not_heeded() -> None:
    rows = np.append(three_iterations(), records((5, 6, 0, 7, 0, -1), (9000, 9001, 0, 7, 99, 3)))
    check_three(tabulate(rows, NAMES, 3))


@pytest.mark.parametrize("iterations", [0, 4])
def test_no_records_give_an_empty_table(iterations: int) -> None:
    table = tabulate(records(), NAMES, iterations)
    assert (table.names, table.streams, table.iterations) == ((), (), ())
    assert table.discarded == iterations
    assert table.kernel_ms.shape == table.start_ms.shape == (0, 0)


def test_one_iteration() -> None:
    table = tabulate(three_iterations()[:3], NAMES, 1)
    assert table.iterations == (0,)
    assert table.names == ("conv", "pool", "fc")
