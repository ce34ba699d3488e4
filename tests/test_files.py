"""Reading and writing files: whole or not at all, and one clear line otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trtcore.errors import ModelError, ResultError
from trtcore.files import check_readable, check_writable, read_text, write_file


def test_a_file_is_written_whole_with_ordinary_permissions(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old")
    write_file(path, b"new")
    umask = os.umask(0)
    os.umask(umask)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    write_file("/dev/null", b"gone")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "is a directory, name a file to write"),
        ("missing/out", "cannot be written .No such file or directory."),
        ("file/out", "cannot be written .Not a directory."),
    ],
)
def test_an_unwritable_path_is_found_before_the_work(
    tmp_path: Path, path: str, message: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultError, match=message):
        check_writable(tmp_path / path)
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "cannot be read .No such file or directory."),
        ("", "is a directory, expected a file"),
        ("empty", "the file is empty"),
    ],
)
def test_an_unreadable_path_is_the_callers_error(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(ModelError, match=message):
        check_readable(tmp_path / name, ModelError)


def test_text_must_be_text(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ResultError, match="is not a text file"):
        read_text(tmp_path / "binary")


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbf{}")
    assert read_text(tmp_path / "marked") == "{}"
