"""A limit on what the GPU itself takes, where the host is the slower one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made_profiles import chain, make_profile

from trtcore.compare.limits import judge, parse_limit
from trtcore.compare.profiles import compare_profiles
from trtcore.errors import OptionError
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import Profile
from trtcore.result.records.repeats import ProcessMedians, SeriesMedians
from trtcore.result.records.samples import Samples

ITERATIONS = 400
LIMITS = tuple(map(parse_limit, ("total > 3%", "gated > 3%")))


def host_bound(gated_ms: float | None, seed: int = 0) -> Profile:
    """Enqueueing takes 1 ms, whatever the GPU takes: times scatter by 1 %."""
    random = np.random.default_rng(seed)

    def series(ms: float) -> np.ndarray:
        return np.float32(ms * random.normal(1, 0.01, ITERATIONS))

    layer_ms = series(gated_ms or 0.4)[:, None]
    more = {} if gated_ms is None else {"gated_ms": series(gated_ms)}
    samples = Samples(layer_ms, series(1.0), gpu_ms=series(1.0), **more)
    return make_profile([Layer("a", "k", ("a",))], layer_ms, chain("a"), samples=samples)


def broken_by(base: Profile, new: Profile) -> list[str]:
    return [str(one) for one in judge(compare_profiles(base, new), LIMITS).broken]


def test_a_slower_gpu_behind_a_slow_host_breaks_its_own_limit_alone() -> None:
    (broken,) = broken_by(host_bound(0.40), host_bound(0.42, seed=1))
    assert broken == (
        "un-profiled GPU time, gated: 0.3999 -> 0.4200 ms (+0.0201 ms, +5.0%; 95 % interval 1.045 "
        "to 1.053) breaks 'gated > 3%'"
    )


def test_the_same_gpu_time_breaks_nothing() -> None:
    for seed in range(20):
        assert broken_by(host_bound(0.4, 2 * seed), host_bound(0.4, 2 * seed + 1)) == []


def test_of_too_few_iterations_the_figures_alone_decide_and_it_is_said() -> None:
    base, new = (
        replace(one, samples=replace(one.samples, gated_ms=np.full(2, ms, np.float32)))
        for one, ms in ((host_bound(0.40), 0.40), (host_bound(0.42, seed=1), 0.42))
    )
    assert broken_by(base, new) == [
        "un-profiled GPU time, gated: 0.4000 -> 0.4200 ms (+0.0200 ms, +5.0%; noise unknown) "
        "breaks 'gated > 3%'"
    ]


@pytest.mark.parametrize(("apart", "is_broken"), [(0.05, False), (0.0005, True)])
def test_processes_decide_where_both_sides_have_them(apart: float, is_broken: bool) -> None:
    """Processes 10 % apart: 5 % more are no change, though iterations of one lie within 1 %."""
    base, new = (
        replace(
            one,
            processes=ProcessMedians(
                np.full((4, 1), 0.4),
                (
                    SeriesMedians("gpu_ms", np.full(4, 1.0)),
                    SeriesMedians("gated_ms", middle * (1 + apart * np.array([-1, -0.4, 0.4, 1]))),
                ),
                shown=1,
            ),
        )
        for one, middle in ((host_bound(0.40), 0.40), (host_bound(0.42, seed=1), 0.42))
    )
    assert bool(broken_by(base, new)) is is_broken


@pytest.mark.parametrize("lacking", ["base", "new", "both"])
def test_without_the_time_on_both_sides_it_cannot_pass_for_a_success(lacking: str) -> None:
    base = host_bound(0.4 if lacking == "new" else None)
    new = host_bound(0.4 if lacking == "base" else None)
    with pytest.raises(OptionError) as caught:
        broken_by(base, new)
    assert str(caught.value) == (
        "not both sides have the un-profiled GPU time, gated: TensorRT has it with a GPU, other "
        "backends and tools do not; use 'total'"
    )
