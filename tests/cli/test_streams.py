"""Pipes as inputs and outputs: read once, and one that is closed costs only what it was to get."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import parser

from trtcore.cli.outputs import save_all
from trtcore.errors import ModelError
from trtcore.system.files import check_readable, write_file

Run = Callable[..., Any]
CPU = ("--backend", "onnxruntime", "--iterations", "6")
NET = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[1,3] x) => (float[1,3] z) { [one] y = Relu (x) [two] z = Exp (y) }
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    onnx.save(parser.parse_model(NET), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


@pytest.fixture
def saved(run: Run, net: Path) -> Path:
    path = net.with_name("net.json")
    assert run("profile", net, *CPU, "--save", path, "--quiet").code == 0
    return path


def shell(line: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Runs a line of bash in which ``trtcore`` is this one and $1, $2 are paths."""
    return subprocess.run(
        ["bash", "-c", f'trtcore() {{ "$PYTHON" -m trtcore "$@"; }}; {line}', "bash", *paths],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def closed() -> Any:
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield f"/dev/fd/{writer}"
    os.close(writer)


def test_a_closed_pipe_keeps_nothing_from_other_outputs(
    run: Run, net: Path, tmp_path: Path, closed: str
) -> None:
    csv = tmp_path / "layers.csv"
    ran = run("profile", net, *CPU, "--save", closed, "--csv", csv)
    assert ran.code == 1
    assert ran.err == f"trtcore: error: {closed}: cannot be written (Broken pipe)\n"
    assert "Time over all layers" in ran.out
    assert len(csv.read_text().splitlines()) == 3


def test_standard_output_that_nobody_reads_keeps_nothing_from_files(
    net: Path, tmp_path: Path
) -> None:
    csv = tmp_path / "layers.csv"
    options = f"{' '.join(CPU)} --quiet --save /dev/stdout --csv $2"
    ran = shell(f"trtcore profile $1 {options} | true; exit ${{PIPESTATUS[0]}}", net, csv)
    assert ran.returncode == 141
    assert len(csv.read_text().splitlines()) == 3


def test_all_are_saved_before_standard_output_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        save_all(fail, partial(write_file, tmp_path / "out", b"kept"))
    assert (tmp_path / "out").read_bytes() == b"kept"


def test_a_plan_for_a_closed_pipe_ends_no_measurement(
    run: Run, net: Path, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trtcore.cli.commands.profile
    from trtcore.api.calls import profile_model

    def profile(model: Any, *, keep_plan: Callable[[bytes], None], **options: Any) -> Any:
        keep_plan(b"plan")
        return profile_model(model, **options)

    monkeypatch.setattr(trtcore.cli.commands.profile, "profile_model", profile)
    ran = run("profile", net, "--iterations", "6", "--save-engine", closed)
    assert ran.code == 1
    assert f"trtcore: error: {closed}: cannot be written (Broken pipe)\n" in ran.err
    assert "Time over all layers" in ran.out


def test_descriptors_that_cannot_be_written_are_found_before_the_work(run: Run, net: Path) -> None:
    with net.open("rb") as file:
        path = f"/dev/fd/{file.fileno()}"
        ran = run("profile", net, *CPU, "--save", path)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == f"trtcore: error: {path}: cannot be written (Permission denied)\n"
    ran = run("profile", net, *CPU, "--csv", "/dev/fd/9999")
    assert (ran.code, ran.out) == (2, "")
    words = "trtcore: error: /dev/fd/9999: cannot be written (Bad file descriptor)\n"
    assert ran.err == words


@pytest.mark.parametrize(
    "line",
    [
        "cat $1 | trtcore report /dev/stdin",
        "trtcore report /dev/stdin < $1",
        "trtcore compare <(cat $1) <(cat $1)",
    ],
)
def test_results_are_read_from_pipes(saved: Path, line: str) -> None:
    ran = shell(line, saved)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "one" in ran.stdout


@pytest.mark.parametrize(
    ("command", "files"), [("report", 0), ("compare", 1), ("compare", 0), ("inspect", 0)]
)
def test_so_they_are_by_every_command(run: Run, saved: Path, command: str, files: int) -> None:
    """The first of them from files, if any."""
    with ExitStack() as pipes:
        count = 2 if command == "compare" else 1
        piped = [pipes.enter_context(filled_pipe(saved)) for _ in range(count - files)]
        ran = run(command, *[saved] * files, *piped)
    assert (ran.code, ran.err) == (0, "")
    assert "one" in ran.out


@contextmanager
def filled_pipe(path: Path) -> Iterator[str]:
    """A pipe that holds what a file does, as ``<(cat FILE)`` is one."""
    content, (reader, writer) = path.read_bytes(), os.pipe()
    assert len(content) < 65536, "a pipe holds no more before somebody reads it"
    os.write(writer, content)
    os.close(writer)
    yield f"/dev/fd/{reader}"
    os.close(reader)


def test_what_is_read_twice_cannot_be_a_pipe(net: Path, tmp_path: Path) -> None:
    ran = shell("trtcore profile <(cat $1) --backend onnxruntime", net)
    assert ran.returncode == 2
    assert ran.stderr.endswith(": is a pipe, which can be read only once: give a file\n")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="pipe: is a pipe, which can be read only once"):
        check_readable(tmp_path / "pipe", ModelError)


@pytest.mark.parametrize("option", ["--save", "--csv"])
@pytest.mark.parametrize("name", ["x" * 5000, "x" * 300])
def test_names_that_are_too_long(run: Run, net: Path, option: str, name: str) -> None:
    ran = run("profile", net, *CPU, option, net.with_name(name))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("x: cannot be written (File name too long)\n")
    ran = run("report", net.with_name(name))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("x: cannot be read (File name too long)\n")
    ran = run("profile", net.with_name(name + ".onnx"), *CPU)
    assert ran.err.endswith("x.onnx: cannot be read (File name too long)\n")


@pytest.mark.parametrize(
    "options",
    [
        ("--csv", "zeros", "--input", "zeros"),
        ("--save", "random"),
        ("--save", "auto", "--baseline", "auto"),
    ],
)
def test_words_of_an_option_are_no_files(
    run: Run, net: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(net.parent)
    ran = run("profile", net, *CPU, *options)
    assert ran.code == 0, ran.err
    assert Path(options[1]).stat().st_size > 100
