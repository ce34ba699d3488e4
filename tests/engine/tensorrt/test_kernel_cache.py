"""What TensorRT-RTX compiled, shared by the engines of a process and kept for the next one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from runtime_caches import Cache, Config, OutdatedCache, forget

from trtcore.engine.tensorrt import kernel_cache as module
from trtcore.engine.tensorrt.kernel_cache import MOST_KEPT, KernelCache, kernel_cache
from trtcore.system.device import Device


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path))
    on(monkeypatch, 0)
    forget()
    return tmp_path


def on(monkeypatch: pytest.MonkeyPatch, ordinal: int) -> None:
    device = Device(ordinal, "NVIDIA H200", "9.0")
    monkeypatch.setattr(module, "current_device", lambda: device)


def cache_of(plan: bytes, kind: type[Cache] = Cache, *, is_shared: bool = True) -> KernelCache:
    """What an engine of a plan is given; it is set in its configuration."""
    config = Config(kind)
    found = kernel_cache(config, "1.7.1", plan, use_cache=True, is_shared=is_shared)
    assert config.cache is found.cache
    return found


def compiled(
    plan: bytes, content: bytes, kind: type[Cache] = Cache, *, is_shared: bool = True
) -> KernelCache:
    """The first engine of a plan, whose first context compiles its kernels."""
    found = cache_of(plan, kind, is_shared=is_shared)
    found.cache.content = content
    found.keep_new()
    return found


def test_further_engines_of_a_process_read_and_write_nothing() -> None:
    first = compiled(b"plan", b"kernels")
    for _ in range(3):
        assert cache_of(b"plan") is first
        first.keep_new()
    assert first.cache.calls == ["serialize"]
    assert cache_of(b"another plan") is not first


def test_another_process_reads_it_once_and_does_not_write_it() -> None:
    compiled(b"plan", b"kernels")
    forget()
    for _ in range(2):
        found = cache_of(b"plan")
        found.keep_new()
    assert found.cache.content == b"kernels"
    assert found.cache.calls == ["deserialize"]


def test_what_tensorrt_refuses_is_compiled_and_stored_anew(folder: Path) -> None:
    compiled(b"plan", b"kernels for an older driver")
    forget()
    found = compiled(b"plan", b"of now", OutdatedCache)
    assert found.cache.calls == ["deserialize", "serialize"]
    (entry,) = folder.iterdir()
    assert entry.read_bytes().endswith(b"of now")


def test_only_what_is_more_is_stored_again(folder: Path) -> None:
    found = compiled(b"plan", b"kernels")
    (entry,) = folder.iterdir()
    before = entry.stat().st_mtime_ns
    found.keep()
    assert entry.stat().st_mtime_ns == before
    found.cache.content = b"kernels and those for a shape"
    found.keep()
    assert entry.read_bytes().endswith(b"kernels and those for a shape")


def test_kernels_for_shapes_are_read_for_each_engine_and_shared_with_none() -> None:
    first = compiled(b"plan", b"kernels", is_shared=False)
    second = cache_of(b"plan", is_shared=False)
    second.keep_new()
    assert second is not first
    assert second.cache.content == b"kernels"
    assert second.cache.calls == ["deserialize"]
    assert cache_of(b"plan") not in (first, second)


def test_without_the_cache_nothing_is_shared_or_stored(folder: Path) -> None:
    found = [
        kernel_cache(Config(), "1.7.1", b"plan", use_cache=False, is_shared=True) for _ in range(2)
    ]
    assert found[0] is not found[1]
    for one in found:
        one.keep_new()
        one.keep()
        assert one.cache.calls == []
    assert list(folder.iterdir()) == []


def test_without_a_folder_a_process_compiles_once_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "cache_dir", lambda: None)
    first = compiled(b"plan", b"kernels")
    assert cache_of(b"plan") is first
    assert first.cache.calls == []
    assert cache_of(b"another plan") is not first


def test_threads_are_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reads the entry for a while, were it not for the lock."""
    read = module.read_entry

    def slowly(path: Path | None) -> bytes | None:
        time.sleep(0.01)
        return read(path)

    monkeypatch.setattr(module, "read_entry", slowly)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: cache_of(b"plan"), range(4)))
    assert len(set(map(id, found))) == 1


def test_each_gpu_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    first = compiled(b"plan", b"kernels")
    on(monkeypatch, 1)
    other = cache_of(b"plan")
    assert other is not first
    # Of the same name, it can read what the first one stored.
    assert other.cache.content == b"kernels"


def test_a_process_keeps_those_it_used_last() -> None:
    first, second = compiled(b"plan 0", b"kernels"), compiled(b"plan 1", b"kernels")
    for i in range(2, MOST_KEPT):
        compiled(f"plan {i}".encode(), b"kernels")
    assert cache_of(b"plan 0") is first
    compiled(b"one more", b"kernels")
    assert cache_of(b"plan 0") is first
    assert cache_of(b"plan 1") is not second
