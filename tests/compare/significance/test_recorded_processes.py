"""Pairs of ``--processes 5`` of one plan, dealt from processes that were recorded on a GPU.

Beside the record of ``benchmarks/bench_processes.py``, where there is one, processes are drawn
around the levels of ``benchmarks/results/process_state.md``.
"""

from __future__ import annotations

import numpy as np
import pytest
from recorded_processes import LAYER_SPREAD, LEVELS, Record, dealt, profile_of, records

from trtcore.compare.comparison import Comparison
from trtcore.compare.profiles import compare_profiles

PROCESSES = 5
# Of 40 pairs 2 may raise an alarm; if every twentieth does, more than 4 come in one of twenty.
PAIRS, MOST_OF_THEM = 40, 4


def around_the_levels() -> Record:
    """Twenty processes around the levels that are known."""
    random = np.random.default_rng(0)
    levels = random.choice(LEVELS, 20) * random.normal(1, 0.001, 20)
    layers = np.linspace(0.01, 0.06, 20)
    layer_ms = np.outer(levels / np.median(levels), layers) * random.normal(
        1, LAYER_SPREAD, (20, 20)
    )
    gpu_ms = levels * random.normal(1, 0.001, 20)
    series = {"gated_ms": levels, "gpu_ms": gpu_ms, "wall_ms": gpu_ms}
    return Record(tuple(f"conv{i}" for i in range(20)), layer_ms, series)


RECORDS = {**{"levels": around_the_levels()}, **records()}


def compared(record: Record, seed: int, **slower: float) -> Comparison:
    """Two runs of five processes, the second one slower where that is asked for."""
    base, new = dealt(record, seed, PROCESSES)
    return compare_profiles(profile_of(record, base), profile_of(record, new, **slower))


def stands_out(found: Comparison) -> bool:
    """Whether anything is called different."""
    return any(row.is_noise is False for row in (found.total, found.gated, *found.rows))


@pytest.mark.parametrize("name", RECORDS)
def test_one_plan_twice_raises_no_alarm_in_95_of_100(name: str) -> None:
    assert sum(stands_out(compared(RECORDS[name], seed)) for seed in range(PAIRS)) <= MOST_OF_THEM


@pytest.mark.slow
@pytest.mark.parametrize("name", RECORDS)
def test_one_plan_twice_raises_no_alarm_in_950_of_1000(name: str) -> None:
    assert sum(stands_out(compared(RECORDS[name], seed)) for seed in range(1000)) <= 50


@pytest.mark.parametrize("name", RECORDS)
def test_three_percent_more_are_found(name: str) -> None:
    """By the gated time: on a busy host the total is 27 to 46 % apart, and hides it."""
    found = [compared(RECORDS[name], seed, slower=1.03).gated for seed in range(20)]
    assert sum(row.is_noise is False and row.ratio > 1 for row in found) >= 18


@pytest.mark.parametrize("name", records())
def test_a_busy_host_hides_three_percent_in_the_total(name: str) -> None:
    totals = [compared(RECORDS[name], seed, slower=1.03).total for seed in range(20)]
    assert sum(total.is_noise is False for total in totals) <= 2


@pytest.mark.parametrize("name", RECORDS)
def test_the_longest_layer_of_ten_percent_more_is_found(name: str) -> None:
    """3 % of one layer among a hundred are less than its processes lie apart."""
    record = RECORDS[name]
    longest = int(np.argmax(np.median(record.layer_ms, axis=0)))
    name_of_it = f"{longest} {record.layers[longest]}"
    found = [compared(record, seed, slower=1.10, layer=longest) for seed in range(10)]
    rows = [{row.name: row for row in one.rows}[name_of_it] for one in found]
    assert sum(row.is_noise is False and row.ratio > 1 for row in rows) >= 8
