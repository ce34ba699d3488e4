"""What a loaded engine tells of its memory and of the kind of plan it came from."""

from __future__ import annotations

from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.result.records.build import EngineMemory


def engine_memory(bindings: Bindings, cuda_engine: Any) -> EngineMemory:
    """The device memory an engine needs, as far as its bindings tell.

    Source: the bindings of 10.0.1, 10.9, 10.15, 10.16 and 11.4: 10.0 has no sizes of "v2", 11 no
    others, and sizes of stripped weights are told from 10.15 on.
    """
    streamable = _size(cuda_engine, "streamable_weights_size")
    budget = getattr(cuda_engine, "weight_streaming_budget_v2", None) if streamable else None
    return EngineMemory(
        context_bytes=context_bytes(cuda_engine),
        streamable_weights_bytes=streamable,
        weight_streaming_budget_bytes=None if budget is None else int(budget),
        stripped_weights_bytes=_statistic(bindings, cuda_engine, "STRIPPED_WEIGHTS_SIZE"),
        weights_bytes=_statistic(bindings, cuda_engine, "TOTAL_WEIGHTS_SIZE"),
    )


def context_bytes(cuda_engine: Any) -> int:
    """Device memory that an execution context needs beside the weights; 0 if it is not told."""
    return _size(cuda_engine, "device_memory_size_v2") or _size(cuda_engine, "device_memory_size")


def hardware_compatibility(cuda_engine: Any) -> str:
    """Other GPUs that the plan is for too, such as ``AMPERE_PLUS``; ``""`` if it is for one."""
    level = getattr(getattr(cuda_engine, "hardware_compatibility_level", None), "name", "NONE")
    return "" if level == "NONE" else str(level)


def _statistic(bindings: Bindings, cuda_engine: Any, name: str) -> int:
    kinds = getattr(bindings.module, "EngineStat", None)
    kind = getattr(kinds, name, None)
    if kind is None:
        return 0
    # Of an engine with all its weights TensorRT answers -1, and logs that the question was wrong.
    with bindings.log.unchanged():
        return max(int(cuda_engine.get_engine_stat(kind)), 0)


def _size(cuda_engine: Any, name: str) -> int:
    return max(int(getattr(cuda_engine, name, 0) or 0), 0)
