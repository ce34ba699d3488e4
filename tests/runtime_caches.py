"""Stand-ins for TensorRT-RTX's runtime caches, which need a GPU."""

from __future__ import annotations

from trtcore.engine.tensorrt import kernel_cache


class Cache:
    """A runtime cache that holds what was compiled."""

    refuses = False

    def __init__(self) -> None:
        self.content = b""
        self.calls: list[str] = []

    def deserialize(self, content: bytes) -> bool:
        self.calls.append("deserialize")
        if not self.refuses:
            self.content = content
        return not self.refuses

    def serialize(self) -> bytes:
        self.calls.append("serialize")
        return self.content


class OutdatedCache(Cache):
    """One that refuses what was compiled for another driver."""

    refuses = True


class Config:
    """A runtime configuration of an engine."""

    def __init__(self, kind: type[Cache] = Cache) -> None:
        self.create_runtime_cache = kind
        self.cache: Cache | None = None

    def set_runtime_cache(self, cache: Cache) -> None:
        self.cache = cache


def forget() -> None:
    """As a new process has it."""
    kernel_cache._kept.clear()
