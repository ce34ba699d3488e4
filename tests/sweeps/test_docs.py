"""The commands of docs/sweep.md, as they stand there but for two iterations of a small model."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import onnx
import pytest
from onnx import parser
from sweep_cells import write_net
from sweep_processes import wait_for

pytest.importorskip("distributed", reason="needs Dask: pip install 'trtcore[cluster]'")
pytestmark = pytest.mark.slow

TEXT = (Path(__file__).parents[2] / "docs" / "sweep.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.strip().split("\n")
]
# GoogLeNet is half a minute of a processor in each cell, and shows nothing more.
SMALL = "net.onnx"
BERT = """
<ir_version: 8, opset_import: ["" : 17]>
bert (int64[N,128] input_ids, int64[N,128] attention_mask) => (float[N,128] y) {
  [mask] m = Mul (input_ids, attention_mask)
  [cast] y = Cast <to = 1> (m)
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    onnx.save(parser.parse_model(BERT), tmp_path / "bert.onnx")
    write_net(tmp_path / SMALL)
    (plan,) = re.findall(r"```toml\n(# plan\.toml.*?)```", TEXT, re.DOTALL)
    (tmp_path / "plan.toml").write_text(_small(plan))
    return tmp_path


# That of the page may be another scheduler's.
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = str(free.getsockname()[1])


def _small(text: str) -> str:
    """The same with a small model, one batch where there are three, and a port that is free."""
    new_texts = {"googlenet": SMALL, "1,4,16": "1", "1, 4, 16": "1", "8786": PORT}
    for old, new in new_texts.items():
        text = text.replace(old, new)
    return text


def program(line: str) -> list[str]:
    """The program of a command, by the interpreter of the tests."""
    name, *arguments = _small(line).split()
    module = {"trtcore": "trtcore", "dask": "dask"}[name]
    more = ["--iterations", "2", "--backend", "onnxruntime"] if name == "trtcore" else []
    return [sys.executable, "-m", module, *arguments, *more]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TRTCORE_LEASE_DIR": str(folder / "leases")}


def background(stack: ExitStack, line: str, folder: Path) -> None:
    process = subprocess.Popen(
        program(line),
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    wait_for(partial(_is_there, line.split()[1]))


def _is_there(part: str) -> bool:
    """Whether a part of a cluster takes cells: a user sees it say so, before the next command."""
    from distributed import Client

    try:
        with Client(f"tcp://127.0.0.1:{PORT}", timeout="1s", set_as_default=False) as client:
            return part == "scheduler" or bool(client.scheduler_info()["workers"])
    except OSError:
        return False


def test_every_command_of_the_page_runs(folder: Path) -> None:
    assert [line.split()[0] for line in COMMANDS].count("trtcore") == 5
    with ExitStack() as stack:
        for line in COMMANDS:
            if line.startswith("dask"):
                background(stack, line, folder)
                continue
            ran = subprocess.run(
                program(line),
                cwd=folder,
                env=environment(folder),
                capture_output=True,
                text=True,
                check=False,
            )
            assert (ran.returncode, ran.stderr) == (0, ""), line
            assert "Results: " in ran.stdout
