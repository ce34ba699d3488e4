"""The table of `bench_time_to_answer`, from runs that were written down."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import read_graph
from onnx import numpy_helper, parser

from trtcore import load_profile
from trtcore.result.phases import Phase, PhaseTime

NET = '<ir_version: 8, opset_import: ["":17]> net (float[1,8] x) => (float[1,8] y) {y = Relu(x)}'
FOLDER = Path(__file__).parents[1] / "benchmarks"
COLD = {Phase.START: 1.0, Phase.BUILD: 1.5, Phase.CONTEXTS: 6.25, Phase.CALIBRATION: 4.0}
WARM = {Phase.START: 0.5, Phase.BUILD: 1.5, Phase.CONTEXTS: 0.25, Phase.LAYERS: 1.125}

TABLE = """\
| seconds | GoogLeNet, cold | GoogLeNet, warm 1 | GoogLeNet, warm 2 | BERT-base, cold |
|---|---:|---:|---:|---:|
| start | 1.00 | 0.50 | 0.50 | 1.00 |
| build | 1.50 | 1.50 | 1.50 | 1.50 |
| contexts | 6.25 | 0.25 | 0.25 | 6.25 |
| profiled pass | - | 1.12 | 1.12 | - |
| calibration | 4.00 | - | - | 4.00 |
| outside of the call | 1.25 | 1.62 | 0.62 | 2.25 |
| **all** | 14.00 | 5.00 | 4.00 | 15.00 |
| beside just-in-time compilation | 8.00 | - | - | - |"""


@pytest.fixture
def answer_time(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("answer_time")


def runs(answer_time: Any) -> list[Any]:
    def times(of: dict[Phase, float]) -> tuple[PhaseTime, ...]:
        return tuple(PhaseTime(phase, seconds) for phase, seconds in of.items())

    return [
        answer_time.Run("GoogLeNet", 0, 14.0, times(COLD)),
        answer_time.Run("GoogLeNet", 1, 5.0, times(WARM)),
        answer_time.Run("GoogLeNet", 2, 4.0, times(WARM)),
        answer_time.Run("BERT-base", 0, 15.0, times(COLD)),
    ]


def test_table(answer_time: Any) -> None:
    assert answer_time.table(runs(answer_time)) == TABLE


def test_goals_have_their_figures(answer_time: Any) -> None:
    found = answer_time.figures(runs(answer_time))
    limits = answer_time.goals({"GoogLeNet": "googlenet", "BERT-base": "bert_base"})
    assert {label: (found[figure], limit) for label, (figure, limit) in limits.items()} == {
        "GoogLeNet, cold, beside TensorRT's just-in-time compilation, s": (8.0, 15.0),
        "GoogLeNet, warm, s": (4.5, 6.0),
    }
    assert found["GoogLeNet, warm 2: outside of the call, s"] == 0.625


def test_phases_are_told_as_they_end(tmp_path: Path) -> None:
    # What the benchmark starts, on this machine's CPU.
    model = tmp_path / "net.onnx"
    model.write_bytes(parser.parse_model(NET).SerializeToString())
    command = [sys.executable, str(FOLDER / "told_phases.py"), "profile", str(model)]
    options = ["--backend", "onnxruntime", "--iterations", "2", "--save", str(tmp_path / "r.json")]
    ran = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    told = re.findall(r"^ +[\d.]+ s  (.+) [\d.]+ s$", ran.stderr, re.MULTILINE)
    saved = [one.phase.value for one in load_profile(tmp_path / "r.json").phases]
    assert told == [*saved, "report"]


def test_a_network_gets_its_weights_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    proto = read_graph("mobilenet_v3_large")
    importlib.import_module("filled_graph").fill(proto)
    assert not any(node.op_type == "ConstantOfShape" for node in proto.graph.node)
    weights = [numpy_helper.to_array(tensor) for tensor in proto.graph.initializer]
    # As torchvision's has, 5.48 million; its batch norms are folded, a hundredth of them.
    assert sum(array.size for array in weights) == pytest.approx(5.48e6, rel=0.01)
    large = max(weights, key=np.size)
    assert large.std() == pytest.approx(0.02, rel=0.01)
