"""What becomes of the timing cache where TensorRT has none, refuses one or gives none back.

`tensorrt` builds only where there is a GPU: its builder config is a stand-in here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from trtcore.engine.tensorrt import timing_cache
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.logger import MessageLog
from trtcore.engine.tensorrt.timing_cache import TimingCache
from trtcore.result.records.build import CacheUse
from trtcore.system import device
from trtcore.system.cache import cache_dir, cache_entry, read_entry, write_entry
from trtcore.system.device import Device

Patch = pytest.MonkeyPatch
HEADER = b"header"
"""What a cache without a single timing is serialized to."""


class Cache:
    """A timing cache of TensorRT."""

    def __init__(self, content: bytes) -> None:
        self.content = content or HEADER

    def serialize(self) -> bytes:
        return self.content


@dataclass
class Config:
    """A builder config; a build adds one timing to its cache."""

    log: MessageLog
    makes_any: bool = True
    refused: bytes = b"nothing"
    gives_back: bool = True
    cache: Cache | None = None
    sets: list[bytes] = field(default_factory=list)

    def create_timing_cache(self, content: bytes) -> Cache | None:
        if self.makes_any and content != self.refused:
            return Cache(content)
        self.log.add_error("the timing cache is of another version")
        return None

    def set_timing_cache(self, cache: Cache, ignore_mismatch: bool) -> bool:
        assert not ignore_mismatch
        self.sets.append(cache.content)
        if cache.content.startswith(b"other GPU"):
            return False
        self.cache = cache
        return True

    def get_timing_cache(self) -> Cache | None:
        if self.cache is not None:
            self.cache.content += b"+timing"
        return self.cache if self.gives_back else None


def bindings(name: str = "tensorrt", version: str = "10.16.1") -> Bindings:
    return Bindings(name, SimpleNamespace(), version, 10, MessageLog(), None)


def build(**settings: object) -> tuple[CacheUse, Config, Bindings]:
    used = bindings()
    config = Config(used.log, **settings)  # type: ignore[arg-type]
    return TimingCache(used, config).save(), config, used


def stored() -> bytes | None:
    found = list(cache_dir().glob("timing-*"))
    return read_entry(found[0]) if found else None


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path / "cache"))
    use_gpu(monkeypatch)


def use_gpu(patch: Patch, name: str = "NVIDIA H200", capability: str = "9.0", cuda: str = "13.0"):
    patch.setattr(device, "current_device", lambda: Device(0, name, capability))
    patch.setattr(device, "cuda_version", lambda: cuda)


def keep(content: bytes) -> None:
    write_entry(timing_cache._entry(bindings()), content)


def test_the_first_build_creates_it_and_the_next_reuses_it() -> None:
    use, config, _ = build()
    assert (use, config.sets, stored()) == (CacheUse.TIMING_CREATED, [HEADER], b"header+timing")
    use, config, _ = build()
    assert (use, config.sets) == (CacheUse.TIMING_REUSED, [b"header+timing"])
    assert stored() == b"header+timing+timing"


def test_none_at_all_leaves_the_build_alone() -> None:
    use, config, used = build(makes_any=False)
    assert (use, config.sets, stored()) == (CacheUse.NONE, [], None)
    assert used.log.last_error() == "TensorRT gave no reason"


@pytest.mark.parametrize("content", [b"other GPU, long enough", b"other version"])
def test_a_refused_cache_is_replaced_and_not_called_reused(content: bytes) -> None:
    keep(content)
    use, config, used = build(refused=b"other version")
    assert use is CacheUse.TIMING_CREATED
    assert config.sets[-1] == HEADER
    assert stored() == b"header+timing"
    # Its message is no reason for what fails later.
    assert used.log.last_error() == "TensorRT gave no reason"


@pytest.mark.parametrize("content", [b"", HEADER])
def test_an_empty_cache_is_not_called_reused(content: bytes) -> None:
    keep(content)
    use, config, _ = build()
    assert (use, config.sets, stored()) == (CacheUse.TIMING_CREATED, [HEADER], b"header+timing")


def test_a_cache_that_is_not_given_back_keeps_the_stored_one() -> None:
    assert build(gives_back=False)[0] is CacheUse.NONE
    keep(b"header+timing")
    assert build(gives_back=False)[0] is CacheUse.TIMING_REUSED
    assert stored() == b"header+timing"


def test_a_folder_that_cannot_be_written_loses_nothing(tmp_path, monkeypatch: Patch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path / "file"))
    assert build()[0] is CacheUse.NONE


def test_tensorrt_rtx_has_none() -> None:
    config = Config(MessageLog())
    assert TimingCache(bindings("tensorrt_rtx"), config).save() is CacheUse.NONE
    assert config.sets == []


def test_the_key_holds_version_cuda_and_gpu(monkeypatch: Patch) -> None:
    keys = [timing_cache._entry(bindings())]
    keys.append(timing_cache._entry(bindings(version="10.15.1")))
    use_gpu(monkeypatch, cuda="12.8")
    keys.append(timing_cache._entry(bindings()))
    use_gpu(monkeypatch, capability="9.1")
    keys.append(timing_cache._entry(bindings()))
    use_gpu(monkeypatch, name="NVIDIA H100")
    keys.append(timing_cache._entry(bindings()))
    use_gpu(monkeypatch)
    monkeypatch.setattr(timing_cache, "built_for", lambda _: 12)
    keys.append(timing_cache._entry(bindings()))
    assert len(set(keys)) == len(keys)
    # A newer driver of the same CUDA major version keeps them.
    use_gpu(monkeypatch, cuda="13.2")
    assert timing_cache._entry(bindings()) == keys[-1]
    assert cache_entry("timing") not in keys
