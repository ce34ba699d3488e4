"""Reading and writing files: whole or not at all, and one clear line otherwise."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from trtcore.errors import ModelError, ResultError, WriteError
from trtcore.system.files import check_readable, check_writable, read_text, same_file, write_file


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


def test_what_a_link_leads_to_is_written_and_the_link_stays(tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "file"
    file.write_bytes(b"old")
    link.symlink_to("file")
    write_file(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_a_link_that_leads_nowhere_yet(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    (tmp_path / "lost").symlink_to("no/file")
    with pytest.raises(ResultError, match=r"lost: cannot be written .No such file or directory."):
        check_writable(tmp_path / "lost")


def test_a_link_to_a_pipe_feeds_the_pipe(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_file(link, b"through")
    reader.join(10)
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert link.is_symlink()


def test_an_open_file_is_gone_on_with_where_it_is(tmp_path: Path) -> None:
    """What ``-o /dev/stdout >> log`` does, by a link of our own to the same place."""
    log, link = tmp_path / "log", tmp_path / "stdout"
    log.write_bytes(b"before\n")
    with log.open("ab") as file:
        link.symlink_to(f"/proc/self/fd/{file.fileno()}")
        assert check_writable(link) == link
        write_file(link, b"result\n")
        os.write(file.fileno(), b"after\n")
    assert log.read_bytes() == b"before\nresult\nafter\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "stdout"]


def test_a_full_disk_is_named_with_the_file() -> None:
    with pytest.raises(WriteError, match=r"^/dev/full: cannot be written .No space left") as raised:
        write_file("/dev/full", b"much")
    assert raised.value.exit_code == 1


def test_a_dash_is_no_file() -> None:
    """It is no standard stream either: a page or a NumPy file beside a text would mix them."""
    with pytest.raises(ModelError, match=r"^-: names no file; /dev/stdin is standard input$"):
        check_readable("-", ModelError)
    message = r"^-: names no file to write; /dev/stdout is standard output$"
    with pytest.raises(ResultError, match=message):
        check_writable("-")


def test_an_empty_name_is_no_folder() -> None:
    with pytest.raises(ModelError, match=r"^'' names no file: its name is empty$"):
        check_readable("", ModelError)
    with pytest.raises(ResultError, match=r"^'' names no file to write: its name is empty$"):
        check_writable("")


def test_nothing_is_left_aside_when_ctrl_c_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "out", b"new")
    assert list(tmp_path.iterdir()) == []


def test_two_names_of_one_file(tmp_path: Path) -> None:
    file, link, other = tmp_path / "file", tmp_path / "link", tmp_path / "other"
    link.symlink_to("file")
    assert same_file(file, link)
    assert same_file(file, tmp_path / "." / "file")
    assert not same_file(file, other)
    file.touch()
    other.hardlink_to(file)
    assert same_file(link, other)
    assert not same_file(Path("/dev/null"), Path("/dev/null"))
