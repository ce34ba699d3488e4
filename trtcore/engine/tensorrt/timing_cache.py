"""TensorRT's timing cache, kept in the user's cache folder; TensorRT-RTX has none.

It saves time and nothing else: whatever TensorRT answers about it, the plan is not lost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.wheels import built_for
from trtcore.result.records.build import CacheUse
from trtcore.system.cache import cache_entry, read_entry, write_entry


class TimingCache:
    """The timing cache of one build.

    Args:
        bindings: the TensorRT that builds.
        config: its builder config, which gets the cache.
    """

    def __init__(self, bindings: Bindings, config: Any) -> None:
        self._config = config
        self._path: Path | None = None
        self._is_reused = False
        if bindings.name == "tensorrt":
            self._path = _entry(bindings)
            self._give(read_entry(self._path))
            # A refused cache is no reason for what the build does next.
            bindings.log.clear()

    def save(self) -> CacheUse:
        """Stores what the build added; returns what the cache did for it."""
        if self._path is None:
            return CacheUse.NONE
        content = _content(self._config.get_timing_cache())
        is_kept = bool(content) and write_entry(self._path, content)
        if self._is_reused:
            return CacheUse.TIMING_REUSED
        return CacheUse.TIMING_CREATED if is_kept else CacheUse.NONE

    def _give(self, stored: bytes | None) -> None:
        """Sets the stored cache, else an empty one; with neither, TensorRT times without one."""
        empty = self._config.create_timing_cache(b"")
        if stored and len(stored) > len(_content(empty)):
            self._is_reused = self._set(self._config.create_timing_cache(stored))
        if not self._is_reused and not self._set(empty):
            self._path = None

    def _set(self, cache: Any) -> bool:
        # False: a cache of another version or GPU is not to be used.
        return cache is not None and bool(self._config.set_timing_cache(cache, False))


def _content(cache: Any) -> bytes:
    """The bytes of a cache; none where TensorRT gives none."""
    serialized = None if cache is None else cache.serialize()
    return b"" if serialized is None else bytes(serialized)


def _entry(bindings: Bindings) -> Path | None:
    """Where the cache is kept: tactics differ by version, CUDA's major version and GPU."""
    from trtcore.system.device import cuda_version, current_device

    device = current_device()
    gpu = (device.name, device.compute_capability) if device else ("", "")
    driver_major = cuda_version().partition(".")[0]
    built = built_for(bindings.name)
    return cache_entry("timing", bindings.version, f"CUDA {built} on {driver_major}", *gpu)
