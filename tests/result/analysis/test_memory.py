"""Sizes of tensors, and what a run says of the memory a network needs."""

from __future__ import annotations

import pytest
from hand_made_profiles import make_profile

from trtcore.result.analysis.memory import MemoryNeeds, memory_needs, output_bytes
from trtcore.result.records.build import Build, EngineMemory
from trtcore.result.records.layers import IOTensor, Layer, TensorInfo
from trtcore.result.records.memory import MemoryPoint, MemoryReading, RunMemory
from trtcore.result.types.shapes import ShapeRange

MB = 10**6
IO = (IOTensor("x", (4, 250, 1000), "Half"), IOTensor("y", (4, 1000), "Half", mode="output"))
READINGS = (
    MemoryReading(MemoryPoint.BEFORE, 80_000 * MB, 200 * MB),
    MemoryReading(MemoryPoint.DRIVER, 79_500 * MB, 300 * MB),
    MemoryReading(MemoryPoint.ENGINE, 79_480 * MB, 500 * MB),
    MemoryReading(MemoryPoint.CONTEXTS, 79_460 * MB, 650 * MB),
    MemoryReading(MemoryPoint.AFTER, 79_400 * MB, 640 * MB),
)


def profile_of(weights: int = 0, **changes):
    engine = EngineMemory(context_bytes=10 * MB, weights_bytes=weights)
    build = Build("TensorRT", 1.0, 15 * MB, memory=engine, **changes)
    memory = RunMemory(READINGS, 700 * MB, contexts=2, device_bytes=81_000 * MB)
    layers = [Layer("a")]
    return make_profile(layers, [[1.0]], batch=4, io=IO, build=build, memory=memory)


@pytest.mark.parametrize(
    ("outputs", "size"),
    [
        ((TensorInfo("y", (2, 3), "Half"), TensorInfo("z", (5,), "Int64")), 12 + 40),
        ((TensorInfo("y", (4, 7), "Int4"),), 14),
        ((TensorInfo("y", (), "Float"),), 4),
        ((TensorInfo("y", (-1, 3), "Half"),), None),
        ((TensorInfo("y", (2, 3), "Half"), TensorInfo("z", (5,), "Odd")), None),
        ((), None),
    ],
)
def test_output_bytes(outputs: tuple[TensorInfo, ...], size: int | None) -> None:
    assert output_bytes(outputs) == size


def test_what_a_run_needed() -> None:
    # 600 MB at the peak; two contexts of 10 MB and 2.008 MB of inputs and outputs grow with the
    # batch: (81000 - 577.992) MB * 4 / 12.008 MB.
    assert memory_needs(profile_of()) == MemoryNeeds(
        weights=20 * MB,
        activations=10 * MB,
        io=2_008_000,
        peak=600 * MB,
        host=700 * MB,
        host_contexts=150 * MB,
        host_start=200 * MB,
        fixed=577_992_000,
        batch_limit=(81_000 * MB - 577_992_000) * 4 // 12_008_000,
    )


def test_weights_that_the_engine_tells_come_before_those_measured() -> None:
    needs = memory_needs(profile_of(weights=13 * MB))
    assert needs is not None
    assert needs.weights == 13 * MB


def test_a_plan_for_a_range_of_shapes_is_not_extrapolated() -> None:
    needs = memory_needs(profile_of(shape_ranges=(ShapeRange("x", (1,), (4,), (8,)),)))
    assert needs is not None
    assert needs.batch_limit == 0


def test_a_file_without_readings_says_nothing() -> None:
    assert memory_needs(make_profile([Layer("a")], [[1.0]])) is None


def test_a_device_that_does_not_tell_has_no_peak() -> None:
    readings = (*READINGS[:2], MemoryReading(MemoryPoint.ENGINE))
    assert RunMemory(readings).peak_device_bytes == 0
