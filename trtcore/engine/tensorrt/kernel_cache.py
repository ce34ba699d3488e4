"""What TensorRT-RTX compiled for a plan: kept in this process and in the user's cache folder."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

from trtcore.system.cache import cache_dir, entry_name, read_entry, write_entry
from trtcore.system.device import current_device

MOST_KEPT = 3
"""The plans used last whose caches a process keeps; three, as in ``--compare fp32,fp16,half2``.
Compiled kernels stay in memory as long: 82 MiB of the host and 3.5 to 8 MiB of the device for
GoogLeNet on an H200.
"""

_kept: OrderedDict[tuple[str, int], KernelCache] = OrderedDict()
"""By entry and GPU. TensorRT-RTX 1.6 never frees all of what it reads or writes of a cache (0.15 MB
each time), so a process does either once for a plan that is here.
"""
_keeping = Lock()


class KernelCache:
    """TensorRT-RTX's runtime cache, an `IRuntimeCache`, and where it is stored.

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
        # Refused where it was compiled for another GPU, or a newer driver: it is compiled anew.
        self._is_new = not (stored and cache.deserialize(stored))
        if stored and not self._is_new:
            self._stored_bytes = len(stored)

    def keep_new(self) -> None:
        """Stores what was compiled for the first context, unless it was read."""
        with self.lock:
            is_new, self._is_new = self._is_new, False
        if is_new:
            self.keep()

    def keep(self) -> None:
        """Stores what has been compiled by now, if there is more than what was stored."""
        if self._path is None:
            return
        with self.lock:
            compiled = bytes(self.cache.serialize())
            if len(compiled) > self._stored_bytes and write_entry(self._path, compiled):
                self._stored_bytes = len(compiled)


def kernel_cache(
    config: Any, version: str, key: bytes, *, use_cache: bool, is_shared: bool
) -> KernelCache:
    """Returns the runtime cache of a plan, and sets it in the configuration of an engine.

    Args:
        config: an `IRuntimeConfig`.
        version: of TensorRT-RTX.
        key: by what the cache knows the plan.
        use_cache: without it, nothing is stored or shared.
        is_shared: take that of this process, if it has one. Not where it is stored after a run,
            too: where engines of open shapes shared one, `serialize` crashed in TensorRT-RTX 1.6.1.
            Why is not known.
    """
    if use_cache:
        found = _of_plan(config, version, key, is_shared)
    else:
        found = KernelCache(config.create_runtime_cache(), None)
    config.set_runtime_cache(found.cache)
    return found


def _of_plan(config: Any, version: str, key: bytes, is_shared: bool) -> KernelCache:
    device, folder = current_device(), cache_dir()
    gpu = f"{device.name} {device.compute_capability}" if device else ""
    name = entry_name("runtime", version, gpu, key)
    path = folder and folder / name
    if not is_shared:
        return KernelCache(config.create_runtime_cache(), path)
    place = (str(path or name), device.ordinal if device else 0)
    with _keeping:
        if place not in _kept:
            _kept[place] = KernelCache(config.create_runtime_cache(), path)
        _kept.move_to_end(place)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
        return _kept[place]
