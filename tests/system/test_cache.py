"""The cache folder: where it is, what it keeps, and that its loss is no failure."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from trtcore.system import cache
from trtcore.system.cache import cache_dir, cache_entry, read_entry, write_entry


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("TRTCORE_CACHE_DIR", raising=False)


def test_folder_is_the_first_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_dir() == tmp_path / "home/.cache/trtcore"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert cache_dir() == tmp_path / "home/.cache/trtcore"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir() == tmp_path / "xdg/trtcore"
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path / "own/deep"))
    assert cache_dir() == tmp_path / "own/deep"
    assert (tmp_path / "own/deep").is_dir()


def test_what_was_written_is_read_back() -> None:
    path = cache_entry("runtime", "NVIDIA H200", 1061, b"plan")
    assert path is not None
    assert read_entry(path) is None
    assert write_entry(path, b"first")
    assert write_entry(path, b"")
    assert read_entry(path) == b""
    assert write_entry(path, b"content")
    assert read_entry(path) == b"content"
    assert os.listdir(path.parent) == [path.name], "nothing is left beside the entry"


def test_every_key_part_counts() -> None:
    keys = [("a", "b"), ("ab",), ("a", "b", ""), ("b", "a"), ("a", b"b", 1), ("1:a", "b"), ()]
    paths = [cache_entry("timing", *key) for key in keys] + [cache_entry("runtime", "a", "b")]
    assert len(set(paths)) == len(paths)
    assert cache_entry("timing", "a", "b") == paths[0]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: raw + b"x", lambda raw: b""])
def test_damaged_entry_is_ignored(damage) -> None:
    path = cache_entry("runtime", "key")
    assert path is not None
    write_entry(path, b"content")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(RuntimeWarning) as warned:
        assert read_entry(path) is None
    assert [str(one.message) for one in warned] == [
        f"cache entry {path} is damaged: it is ignored and made again"
    ]


def test_foreign_file_is_ignored() -> None:
    path = cache_entry("runtime", "key")
    assert path is not None
    path.write_bytes(b"not ours, but long enough to hold a head of forty-eight bytes")
    with pytest.warns(RuntimeWarning, match="is damaged: it is ignored and made again"):
        assert read_entry(path) is None


def test_another_format_counts_as_absent() -> None:
    path = cache_entry("runtime", "key")
    assert path is not None
    path.write_bytes(b"trtcore-cache-0\n" + bytes(40))
    assert read_entry(path) is None


def test_an_entry_is_its_owners_alone() -> None:
    before = os.umask(0)
    try:
        path = cache_entry("runtime", "key")
        assert path is not None
        assert write_entry(path, b"content")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_entry_of_another_user_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    path = cache_entry("runtime", "key")
    assert path is not None
    write_entry(path, b"content")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    monkeypatch.setattr(cache, "_ROOT", path.stat().st_uid + 2)
    with pytest.warns(RuntimeWarning, match=r"belongs to another user \(\d+\): it is ignored"):
        assert read_entry(path) is None


def test_no_folder_means_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path / "file/under"))
    assert cache_dir() is None
    path = cache_entry("runtime", "key")
    assert path is None
    assert read_entry(path) is None
    assert not write_entry(path, b"content")


def test_entry_that_cannot_be_written_is_no_failure() -> None:
    path = cache_entry("runtime", "key")
    assert path is not None
    path.mkdir()
    assert not write_entry(path, b"content")
    assert read_entry(path) is None
