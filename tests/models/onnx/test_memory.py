"""What loading and converting a large model takes at its peak, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(), reason="Linux tells the peak of a process"
    ),
]
SIZE, COUNT = 2048, 24
WEIGHTS_MB = SIZE * SIZE * 4 * COUNT / 1e6
# Python with NumPy and ONNX, and one weight in hand: its values, and what it is rounded to.
CONSTANT_MB = 180

MEASURE = """
import sys
from trtcore.models.load import load_model
from trtcore.precision.convert.apply import apply_precision
model = load_model(sys.argv[1], batch=4)
if sys.argv[2:]:
    model = (model, apply_precision(model, sys.argv[2]))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) * 1024 / 1e6)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chain of products of 400 MB, its weights in a file beside it."""
    path = tmp_path_factory.mktemp("large") / "large.onnx"
    generator = np.random.default_rng(0)
    names = ["x", *(f"t{i}" for i in range(1, COUNT)), "y"]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", SIZE]) for n in ("x", "y")]
    weights = [
        numpy_helper.from_array(generator.standard_normal((SIZE, SIZE), np.float32), f"w{i}")
        for i in range(COUNT)
    ]
    nodes = [
        helper.make_node("MatMul", [names[i], f"w{i}"], [names[i + 1]], name=f"mm{i}")
        for i in range(COUNT)
    ]
    graph = helper.make_graph(nodes, "large", ends[:1], ends[1:], weights)
    opset = helper.make_opsetid("", 17)
    proto = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    onnx.save(proto, path, save_as_external_data=True, location="large.data")
    return path


def peak_mb(*arguments: str | Path) -> float:
    command = [sys.executable, "-c", MEASURE, *map(str, arguments)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_a_model_is_loaded_without_a_second_copy(large: Path) -> None:
    assert peak_mb(large) < 1.3 * WEIGHTS_MB + CONSTANT_MB


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_16_bits_come_beside_the_weights_and_nothing_else(large: Path, precision: str) -> None:
    assert peak_mb(large, precision) < 1.5 * WEIGHTS_MB + CONSTANT_MB
