"""What engines of several TensorRT releases tell of their memory and their kind of plan.

Which attributes a release has is taken from its bindings; the numbers are made up.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.facts import engine_memory, hardware_compatibility
from trtcore.engine.tensorrt.logger import MessageLog
from trtcore.result.records.build import EngineMemory

STATISTICS = SimpleNamespace(EngineStat=SimpleNamespace(STRIPPED_WEIGHTS_SIZE="stripped"))


def bindings(module: Any = STATISTICS) -> Bindings:
    return Bindings("tensorrt", module, "11.4.0", 11, MessageLog(), None)


def statistic(used: Bindings, value: int) -> Any:
    """``get_engine_stat``: without stripped weights it is -1, with an error in the log."""

    def get_engine_stat(kind: str) -> int:
        if kind == "total":
            return 70
        assert kind == "stripped"
        if value < 0:
            used.log.add_error("queried but this engine is not build with kSTRIP_PLAN")
        return value

    return get_engine_stat


def test_release_10_0_has_the_first_names_only() -> None:
    engine = SimpleNamespace(
        device_memory_size=3 << 20, streamable_weights_size=0, weight_streaming_budget=-1
    )
    used = bindings(SimpleNamespace())
    assert engine_memory(used, engine) == EngineMemory(3 << 20)
    # Its budget is another number than that of later releases: -1 and 0 have meanings there.
    engine.streamable_weights_size = 90
    assert engine_memory(used, engine) == EngineMemory(3 << 20, 90, None)


def test_without_weight_streaming_there_is_no_budget() -> None:
    used = bindings()
    engine = SimpleNamespace(
        device_memory_size_v2=5 << 20,
        streamable_weights_size=0,
        weight_streaming_budget_v2=7,
        get_engine_stat=statistic(used, -1),
    )
    assert engine_memory(used, engine) == EngineMemory(5 << 20)
    assert used.log.errors == []


def test_weight_streaming_and_stripped_weights() -> None:
    used = bindings()
    engine = SimpleNamespace(
        device_memory_size_v2=5 << 20,
        streamable_weights_size=90,
        weight_streaming_budget_v2=30,
        get_engine_stat=statistic(used, 40),
    )
    assert engine_memory(used, engine) == EngineMemory(5 << 20, 90, 30, 40)


@pytest.mark.parametrize(
    ("level", "expected"),
    [("NONE", ""), ("AMPERE_PLUS", "AMPERE_PLUS"), ("SAME_COMPUTE_CAPABILITY",) * 2],
)
def test_hardware_compatibility(level: str, expected: str) -> None:
    engine = SimpleNamespace(hardware_compatibility_level=SimpleNamespace(name=level))
    assert hardware_compatibility(engine) == expected
    assert hardware_compatibility(SimpleNamespace()) == ""


def test_all_weights_are_told_by_the_releases_that_have_the_word() -> None:
    words = SimpleNamespace(STRIPPED_WEIGHTS_SIZE="stripped", TOTAL_WEIGHTS_SIZE="total")
    used = bindings(SimpleNamespace(EngineStat=words))
    engine = SimpleNamespace(get_engine_stat=statistic(used, -1))
    assert engine_memory(used, engine) == EngineMemory(weights_bytes=70)
