"""Files and streams that a command writes: nothing lost, nothing overwritten, one exit code."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

import trtcore
from trtcore.cli import main
from trtcore.cli.outputs import check_outputs
from trtcore.result.saved import load_profile

Run = Callable[..., Any]
CPU = ("--backend", "onnxruntime", "--iterations", "6")
ODD = "gr\u00f6\u00dfe\x1b[31m \u65e5"


def save_net(path: Path) -> Path:
    """Two nodes, one with a name that no terminal should be fed."""
    graph = helper.make_graph(
        [
            helper.make_node("Relu", ["x"], ["y"], name=ODD),
            helper.make_node("Exp", ["y"], ["z"], name="last"),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 3])],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return save_net(tmp_path / "net.onnx")


@pytest.fixture
def saved(run: Run, net: Path) -> Path:
    path = net.with_name("net.json")
    assert run("profile", net, *CPU, "--save", path, "--quiet").code == 0
    return path


def shell(line: str, *paths: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of bash in which ``trtcore`` is this one and $1, $2 are paths."""
    return subprocess.run(
        ["bash", "-c", f'trtcore() {{ "$PYTHON" -m trtcore "$@"; }}; {line}', "bash", *paths],
        env={**os.environ, "PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


PROFILE = f"trtcore profile $1 {' '.join(CPU)} --save $2"


def test_a_terminal_of_another_encoding_loses_nothing(net: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    ran = shell(PROFILE, net, path, PYTHONIOENCODING="ascii")
    assert ran.returncode == 0, ran.stderr
    assert "gr\\xf6\\xdfe" in ran.stdout
    assert load_profile(path).counts.measured == 6
    for command in (("compare", path, path), ("inspect", path), ("report", path)):
        out, err = (io.TextIOWrapper(io.BytesIO(), "ascii") for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err):
            assert main([str(word) for word in command]) == 0
        assert err.buffer.getvalue() == b""
        assert b"gr\\xf6\\xdfe" in out.buffer.getvalue()


def test_a_result_is_saved_though_nobody_reads_the_table(net: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    ran = shell(f"{PROFILE} | true; exit ${{PIPESTATUS[0]}}", net, path)
    assert ran.returncode == 141, ran.stderr
    assert load_profile(path).counts.measured == 6


def test_a_result_is_saved_though_the_table_finds_a_full_disk(net: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    ran = shell(f"{PROFILE} > /dev/full", net, path)
    assert ran.returncode == 1
    words = "trtcore: error: standard output cannot be written (No space left on device)\n"
    assert ran.stderr == words
    assert load_profile(path).counts.measured == 6


def test_debug_shows_where_standard_output_failed(saved: Path) -> None:
    ran = shell("PYTHONUNBUFFERED=1 trtcore report $1 --debug > /dev/full", saved)
    assert ran.returncode == 1
    assert ran.stderr.startswith("Traceback (most recent call last):\n")
    words = "trtcore: error: standard output cannot be written (No space left on device)\n"
    assert ran.stderr.endswith(words)


@pytest.mark.parametrize("command", ["report $1", "compare $1 $1 --json"])
def test_a_closed_pipe_has_one_exit_code(saved: Path, command: str) -> None:
    """Whichever way it is found out: by rich, by print, or when Python would flush at its end."""
    ran = shell(f"(sleep 0.1; trtcore {command}) | exec 0<&-; exit ${{PIPESTATUS[0]}}", saved)
    assert (ran.returncode, ran.stderr) == (141, "")


@pytest.mark.parametrize(
    "command",
    ["report $1 --format csv", "report $1 --format perfetto", "compare $1 $1", "inspect $1"],
)
def test_so_it_has_from_every_command(
    saved: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as unread, redirect_stdout(unread):
        assert main(command.replace("$1", str(saved)).split()) == 141
        unread.flush()  # what is left by now goes nowhere, as at Python's end
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("closed", ["2>&-", ">&-", ">&- 2>&-"])
def test_closed_streams_are_no_error(net: Path, tmp_path: Path, closed: str) -> None:
    path = tmp_path / "out.json"
    ran = shell(f"{PROFILE} {closed}", net, path)
    assert ran.returncode == 0, ran.stderr
    assert load_profile(path).counts.measured == 6


def test_a_report_for_standard_output_by_its_path(saved: Path, tmp_path: Path) -> None:
    """By a link of our own, so that the machine's is safe whatever happens."""
    (tmp_path / "stdout").symlink_to("/proc/self/fd/1")
    line = "trtcore report $1 --format csv -o $2"
    ran = shell(line, saved, tmp_path / "stdout")
    assert (ran.returncode, ran.stderr) == (0, "")
    shell(f"{line} > {tmp_path}/o.txt", saved, tmp_path / "stdout")
    assert (tmp_path / "o.txt").read_text() == ran.stdout
    assert ran.stdout.startswith("index,")
    assert (tmp_path / "stdout").is_symlink()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("profile net.onnx --save net.onnx", "--save net.onnx would overwrite MODEL net.onnx"),
        ("profile net.onnx --csv link.onnx", "--csv link.onnx would overwrite MODEL net.onnx"),
        ("profile net.onnx --save-engine net.onnx", "--save-engine net.onnx would overwrite"),
        ("profile net.onnx --save a --csv ./a", "--csv ./a would overwrite --save a"),
        ("profile net.onnx --input in.npz --save in.npz", "--save in.npz would overwrite --input"),
        ("profile net.onnx --baseline in.npz --save in.npz", "would overwrite --baseline in.npz"),
        ("build net.onnx -o net.onnx", "-o net.onnx would overwrite MODEL net.onnx"),
        ("build net.onnx --weights in.npz -o in.npz", "-o in.npz would overwrite --weights"),
        ("convert net.onnx -o net.onnx", "-o net.onnx would overwrite MODEL net.onnx"),
        ("report in.npz -o in.npz", "-o in.npz would overwrite FILE in.npz"),
    ],
)
def test_what_is_read_is_not_written(
    run: Run, net: Path, monkeypatch: pytest.MonkeyPatch, command: str, words: str
) -> None:
    monkeypatch.chdir(net.parent)
    Path("link.onnx").symlink_to("net.onnx")
    Path("in.npz").write_bytes(b"kept")
    before = net.read_bytes()
    ran = run(*command.split())
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert ran.err.endswith(": name another file\n")
    assert net.read_bytes() == before
    assert Path("in.npz").read_bytes() == b"kept"


def test_a_file_that_is_called_like_the_built_in_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "googlenet").touch()
    monkeypatch.chdir(tmp_path)
    check_outputs({"-o": "googlenet"}, {"MODEL": "googlenet"})


def test_a_file_that_cannot_be_saved_keeps_nothing_else_from_it(
    run: Run, net: Path, tmp_path: Path
) -> None:
    csv = tmp_path / "layers.csv"
    ran = run("profile", net, *CPU, "--save", "/dev/full", "--csv", csv)
    assert ran.code == 1
    words = "trtcore: error: /dev/full: cannot be written (No space left on device)\n"
    assert ran.err == words
    assert "Time over all layers" in ran.out
    assert len(csv.read_text().splitlines()) == 3


def test_a_plan_on_a_full_disk(run: Run, net: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    ran = run("build", net, "-o", "/dev/full")
    assert ran.code == 1
    words = "trtcore: error: /dev/full: cannot be written (No space left on device)\n"
    assert (ran.out, ran.err) == ("", words)


def test_a_source_tree_that_hides_the_installed_package(tmp_path: Path) -> None:
    source = Path(trtcore.__file__).parent
    shutil.copytree(
        source, tmp_path / "trtcore", ignore=shutil.ignore_patterns("*.so", "__pycache__")
    )
    # An editable install leads past what Python's path says.
    code = (
        "import sys\n"
        "sys.meta_path = [f for f in sys.meta_path if 'Redirect' not in type(f).__name__]\n"
        "from trtcore.cli import main\n"
        "sys.exit(main(['profile', 'googlenet']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert f"{tmp_path} is a source tree without its compiled modules" in ran.stderr
    assert "pip install -e" in ran.stderr


@pytest.mark.parametrize("name", ["build", "compare", "convert", "inspect", "profile", "report"])
def test_no_module_named_like_a_command_passes_for_it(name: str) -> None:
    """A gate that runs ``python -m trtcore.compare`` must not pass for want of anything done."""
    command = [sys.executable, "-m", f"trtcore.{name}", "missing", "missing"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert ran.stderr
    assert "Traceback" not in ran.stderr


def test_compare_as_a_module_is_the_command(saved: Path) -> None:
    command = [sys.executable, "-m", "trtcore.compare", saved, saved, "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert '"rows"' in ran.stdout


def test_an_error_keeps_a_name_from_the_terminal(run: Run, tmp_path: Path) -> None:
    ran = run("report", tmp_path / "a\x1b[31m\udce9.json")
    assert ran.code == 2
    assert "a\\x1b[31m\\udce9.json: cannot be read" in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("report --nonsense x.json", "trtcore report: error: unrecognized arguments: --nonsense"),
        ("profile net.onnx --iter 5", "trtcore profile: error: unrecognized arguments: --iter 5"),
        ("compare a b --mark", "see trtcore compare --help"),
    ],
)
def test_an_unknown_option_names_the_command_that_has_no_such(
    run: Run, command: str, words: str
) -> None:
    ran = run(*command.split())
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


@pytest.mark.parametrize(
    ("command", "read"), [("report", "read_text"), ("inspect", "read_content")]
)
def test_ctrl_c_says_no_more_than_is_known(
    run: Run, saved: Path, monkeypatch: pytest.MonkeyPatch, command: str, read: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"trtcore.cli.commands.{command}.{read}", interrupt)
    ran = run(command, saved)
    assert (ran.code, ran.out, ran.err) == (130, "", "trtcore: interrupted\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            "--format csv --sort time",
            "--sort is about --format table, plain, markdown, json; csv holds every",
        ),
        ("--format csv --top 3", "--top is about --format table"),
        ("--format trtexec-profile --group-by block", "--group-by is about --format table"),
    ],
)
def test_a_report_takes_no_option_that_means_nothing(
    run: Run, saved: Path, options: str, words: str
) -> None:
    ran = run("report", saved, *options.split())
    assert (ran.code, ran.out) == (2, "")
    assert f"trtcore: error: {words}" in ran.err
