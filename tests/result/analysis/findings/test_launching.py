"""Rules about launching: each fires where there is time to save, and not elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from findings_evidence import convolution, found, profile_of, timed
from recorded_processes import profile_of as recorded
from recorded_processes import records

from trtcore.result.analysis.findings.finding import FindingKind
from trtcore.result.records.kernel_pass import KernelMapping, KernelPass
from trtcore.result.records.profile import Profile
from trtcore.result.records.repeats import ProcessMedians, SeriesMedians

ONE = profile_of([convolution(0)], [1.0])


def traced(*starts: float) -> KernelPass:
    """Kernels of 0.1 ms that begin then."""
    count = len(starts)
    times = np.full((3, count), 0.1, np.float32)
    begun = np.tile(np.float32(starts), (3, 1))
    return KernelPass(("k",) * count, (0,) * count, (0,) * count, KernelMapping(), times, begun)


def test_a_cuda_graph_saves_what_was_measured() -> None:
    finding = found(timed(ONE, wall_ms=1.5, graph_wall_ms=1.2), FindingKind.CUDA_GRAPH)
    assert finding is not None
    assert finding.saves_ms == pytest.approx(0.3)
    assert finding.numbers == pytest.approx((1.5, 1.2))
    assert finding.is_measured


@pytest.mark.parametrize(
    "series",
    [
        {"wall_ms": 1.5, "graph_wall_ms": 1.49},
        {"wall_ms": 1.2, "graph_wall_ms": 1.5},
        {"wall_ms": 1.5},
    ],
)
def test_a_graph_that_saves_nothing_or_was_not_taken_is_none(series: dict[str, float]) -> None:
    assert found(timed(ONE, **series), FindingKind.CUDA_GRAPH) is None


@pytest.mark.parametrize(("graph_ms", "is_told"), [(1.3, True), (1.45, False)])
def test_a_graph_that_chance_makes_faster_is_none(graph_ms: float, is_told: bool) -> None:
    """Both scatter by 0.2 ms, so that their medians are known to about 0.1 ms."""
    scatter = np.linspace(-0.2, 0.2, 40, dtype=np.float32)
    samples = replace(
        ONE.samples, wall_ms=np.float32(1.5) + scatter, graph_wall_ms=np.float32(graph_ms) + scatter
    )
    finding = found(replace(ONE, samples=samples), FindingKind.CUDA_GRAPH)
    assert (finding is not None) == is_told


def in_processes(*saved_ms: float, has_graph: bool = True) -> Profile:
    """Processes whose graph takes 1.2 ms, and an enqueued iteration so much more.

    The one that is shown takes 2 ms enqueued: it is chosen by another time.
    """
    graph = np.full(len(saved_ms), 1.2)
    series = (
        SeriesMedians("wall_ms", graph + np.array(saved_ms)),
        SeriesMedians("graph_wall_ms", graph),
    )
    processes = ProcessMedians(np.ones((len(saved_ms), 1)), series if has_graph else series[:1])
    return replace(timed(ONE, wall_ms=2.0, graph_wall_ms=1.2), processes=processes)


@pytest.mark.parametrize(
    ("saved_ms", "numbers"),
    [
        ((0.3, 0.7, 0.1), (1.5, 1.2, 0.1, 0.7, 3)),
        ((0.7, 0.1), (1.3, 1.2, 0.1, 0.7, 2)),
    ],
)
def test_of_several_processes_the_middle_is_told_and_how_far_they_lie_apart(
    saved_ms: tuple[float, ...], numbers: tuple[float, ...]
) -> None:
    finding = found(in_processes(*saved_ms), FindingKind.CUDA_GRAPH)
    assert finding is not None
    assert finding.numbers == pytest.approx(numbers)
    assert finding.saves_ms == pytest.approx(numbers[0] - numbers[1])


def test_a_graph_that_saves_nothing_in_one_process_is_none() -> None:
    assert found(in_processes(0.3, 0.7, -0.01), FindingKind.CUDA_GRAPH) is None


@pytest.mark.parametrize(
    "profile", [in_processes(-0.01), in_processes(0.3, 0.7, has_graph=False)], ids=["one", "none"]
)
def test_without_graphs_of_several_processes_the_iterations_decide(profile: Profile) -> None:
    finding = found(profile, FindingKind.CUDA_GRAPH)
    assert finding is not None
    assert finding.numbers == pytest.approx((2.0, 1.2))


@pytest.mark.parametrize("name", records())
def test_recorded_processes_save_what_the_one_in_the_middle_does(name: str) -> None:
    """Of GoogLeNet and BERT-base on a busy host, between events: neither has the host's times."""
    record = records()[name]
    finding = found(recorded(record, np.arange(len(record))), FindingKind.CUDA_GRAPH)
    saved = np.sort(record.series_ms["gpu_ms"] - record.series_ms["graph_ms"])
    assert finding is not None
    assert finding.saves_ms == pytest.approx(saved[(len(saved) - 1) // 2])
    assert finding.numbers[2:] == pytest.approx((saved[0], saved[-1], len(saved)))


def test_older_results_have_the_graph_between_events_only() -> None:
    finding = found(timed(ONE, wall_ms=1.6, gpu_ms=1.5, graph_ms=1.2), FindingKind.CUDA_GRAPH)
    assert finding is not None
    assert finding.numbers == pytest.approx((1.5, 1.2))


def test_gaps_are_found_where_kernels_wait_and_no_graph_was_measured() -> None:
    profile = profile_of([convolution(0)], [1.0], kernels=traced(0.0, 0.3))
    finding = found(profile, FindingKind.GAPS)
    assert finding is not None
    assert finding.numbers == pytest.approx((0.2, 0.4))
    assert (
        found(profile_of([convolution(0)], [1.0], kernels=traced(0.0, 0.1)), FindingKind.GAPS)
        is None
    )
    both = timed(profile, wall_ms=1.5, graph_wall_ms=1.4)
    assert found(both, FindingKind.GAPS) is None, "the graph closes them, and was measured"
    assert found(both, FindingKind.CUDA_GRAPH) is not None


def test_a_larger_batch_where_layers_are_too_short() -> None:
    small = [convolution(i, macs=1000) for i in range(3)]
    finding = found(profile_of(small, [0.004] * 3), FindingKind.LARGER_BATCH)
    assert finding is not None
    assert finding.saves_ms == pytest.approx(0.006)
    assert finding.numbers == pytest.approx((0.012, 1.0, 3, 1))
    # 0.2 ms of work each; and layers that are slow for another reason.
    assert found(profile_of([convolution(0)], [0.3]), FindingKind.LARGER_BATCH) is None
    assert found(profile_of(small, [0.1] * 3), FindingKind.LARGER_BATCH) is None
    unknown = profile_of(small, [0.004] * 3, peaks=None)
    assert found(unknown, FindingKind.LARGER_BATCH) is None
