"""What TensorRT-RTX compiled for a plan: kept in this process and in the user's cache folder."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

from trtcore.system.cache import cache_entry, read_entry, write_entry
from trtcore.system.device import current_device

MOST_KEPT = 8
"""Caches that a process keeps, those used last: one of GoogLeNet has 4 MB."""

_kept: OrderedDict[tuple[Path, int], KernelCache] = OrderedDict()
"""By entry and GPU. TensorRT-RTX 1.6 never frees all of what it reads or writes of a cache (0.15 MB
each time), so a process does either once.
"""


class KernelCache:
    """An `IRuntimeCache` and where it is stored.

    Args:
        cache: the bindings' object.
        path: its entry in the user's cache folder; None to store nothing.

    Attributes:
        lock: to be held while a context is created: engines in several threads may share the cache,
            and TensorRT-RTX does not say that they may use it at once.
    """

    def __init__(self, cache: Any, path: Path | None) -> None:
        self.cache = cache
        self.lock = Lock()
        self._path = path
        self._stored_bytes = 0
        stored = read_entry(path)
        # TensorRT-RTX refuses what was compiled for another driver or GPU: it is compiled anew.
        self._is_new = not (stored and cache.deserialize(stored))
        if stored and not self._is_new:
            self._stored_bytes = len(stored)

    def keep_new(self) -> None:
        """Stores what was compiled for the first context, unless all of it was read."""
        if self._is_new:
            self._is_new = False
            self.keep()

    def keep(self) -> None:
        """Stores what has been compiled by now, if there is more than what was stored."""
        if self._path is None:
            return
        with self.lock:
            compiled = bytes(self.cache.serialize())
            if len(compiled) > self._stored_bytes and write_entry(self._path, compiled):
                self._stored_bytes = len(compiled)


def kernel_cache(config: Any, path: Path | None, *, is_shared: bool) -> KernelCache:
    """Returns the cache of a plan, and sets it in the configuration of an engine.

    Args:
        config: an `IRuntimeConfig`.
        path: of `kernel_entry`; without it nothing is stored or shared.
        is_shared: take that of this process, if it has one. Only where no shape is open: tests of
            engines with open shapes crashed with TensorRT-RTX 1.6 when they shared one.
    """
    if path is None or not is_shared:
        found = KernelCache(config.create_runtime_cache(), path)
    else:
        found = _shared(config, path)
    config.set_runtime_cache(found.cache)
    return found


def _shared(config: Any, path: Path) -> KernelCache:
    device = current_device()
    place = (path, device.ordinal if device else 0)
    found = _kept.get(place) or KernelCache(config.create_runtime_cache(), path)
    _kept[place] = found
    _kept.move_to_end(place)
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return found


def kernel_entry(version: str, key: bytes) -> Path | None:
    """Where the kernels of a plan are stored for this GPU; None without a cache folder.

    Args:
        version: of TensorRT-RTX.
        key: by what the cache knows the plan.
    """
    device = current_device()
    name = f"{device.name} {device.compute_capability}" if device else ""
    return cache_entry("runtime", version, name, key)
