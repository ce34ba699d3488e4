"""Every operator set: from 7 on in every precision, before that one line of what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper
from opset_networks import SCALE, network
from precision_models import run

from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.errors import BuildError, ModelError, TrtcoreError
from trtcore.measure.nodes.onnxruntime.profile import profile_nodes, run_model
from trtcore.models.load import load_model
from trtcore.models.onnx.input_roles import make_model_inputs
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.convert.apply import apply_precision

Command = Callable[..., tuple[int, str]]
OPSETS = range(7, 13)
# Twelve operators in a row, each of which rounds what it reads and writes: half a unit in the last
# of 11 or 8 bits for each.
BOUNDS = {"fp16": 24 * 2.0**-12, "bf16": 24 * 2.0**-9}


def expected(x: np.ndarray) -> np.ndarray:
    value = np.clip(x, -1, 1.5) * SCALE[:, None, None]
    value = np.pad(value, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=0.25)[:, :, 1:5]
    value = value.repeat(2, axis=2).repeat(2, axis=3).sum(axis=2)
    value = value[:, [1, 2, 3, 0]]
    best = -np.sort(-value, axis=2)[..., :3]
    powers = np.exp(best.reshape(1, -1) - best.max())
    return powers / powers.sum()


@pytest.mark.parametrize("opset", OPSETS)
def test_every_operator_set_on_the_cpu(opset: int) -> None:
    model = load_model(network(opset))
    filled = ("Resize 'n5' has no region: an empty one was put in",) if opset > 10 else ()
    assert model.notes == filled
    x = np.random.default_rng(0).uniform(-2, 2, (1, 4, 4, 4)).astype(np.float32)
    np.testing.assert_allclose(run(model, {"x": x})[0], expected(x), rtol=1e-5, atol=1e-7)
    profile = profile_nodes(model, make_model_inputs(model), iterations=1, threads=1)
    assert len([layer for layer in profile.layers if layer.kind != "Constant"]) == 15


@pytest.mark.parametrize("precision", BOUNDS)
@pytest.mark.parametrize("opset", OPSETS)
def test_every_operator_set_in_16_bits(opset: int, precision: str) -> None:
    model = load_model(network(opset))
    low = apply_precision(model, precision)
    accuracy = Reference(model, run_model, threads=1).of_graph(low)
    assert accuracy.not_compared == ()
    assert 0 < accuracy.relative_l2 < BOUNDS[precision]


@pytest.fixture(scope="module")
def bindings() -> Bindings:
    pytest.importorskip("tensorrt_rtx", reason="builds without a GPU, TensorRT does not")
    return load_bindings("tensorrt_rtx")


@pytest.mark.parametrize("precision", [None, "fp16", "bf16"])
@pytest.mark.parametrize("opset", OPSETS)
def test_every_operator_set_is_built(bindings: Bindings, opset: int, precision: str | None) -> None:
    options = Options(use_cache=False, precision=precision)
    plan = build_as_requested(bindings, load_model(network(opset)), options)
    assert plan.build.precision is not None
    assert plan.build.precision.asked == (precision or "fp32")


def old(opset: int, op: str) -> ModelProto:
    kind = TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info("x", kind, [2, 4])]
    outputs = [helper.make_tensor_value_info("y", kind, [2, 4])]
    reads = ["x", "x"] if op == "Add" else ["x"]
    given = {"Cast": {"to": "FLOAT"}, "Slice": {"starts": [0], "ends": [9]}}.get(op, {})
    graph = helper.make_graph(
        [helper.make_node(op, reads, ["y"], "it", **given)], "g", inputs, outputs
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=3)


OLDER = (
    "it has few operators of a set as old as {}: convert the file with ONNX's version_converter to "
    "7 or later"
)


@pytest.mark.parametrize(
    ("opset", "op", "options", "said"),
    [
        (5, "Add", (), "Could not find an implementation for Add(1) node with name 'it'"),
        (5, "Add", ("--fp16",), "no Cast of operator set 5, which every 16-bit graph needs"),
        (1, "Cast", (), "Could not find an implementation for Cast(1) node with name 'it'"),
    ],
)
def test_sets_before_7_are_refused_in_one_line(
    command: Command, tmp_path: Path, opset: int, op: str, options: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "g.onnx"
    onnx.save(old(opset, op), path)
    code, text = command("profile", path, "--backend", "onnxruntime", "--iterations", 2, *options)
    assert code == 2
    assert text.splitlines()[-1] == (
        f"trtcore: error: g: ONNX Runtime: {said}; {OLDER.format(opset)}"
    )


def test_a_run_is_kept_where_an_old_set_cannot_be_compared(
    command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "g.onnx"
    onnx.save(old(5, "Slice"), path)
    code, text = command(
        "profile", path, "--backend", "onnxruntime", "--iterations", 2, "--fp16", "--accuracy"
    )
    assert code == 0
    assert (
        "the outputs were not compared: g: ONNX Runtime: no Cast of operator set 5, which every "
        "16-bit graph needs; it has few operators of a set as old as 5"
    ) in " ".join(text.split())


def test_a_builder_says_what_to_do_with_an_old_set(bindings: Bindings) -> None:
    with pytest.raises(TrtcoreError) as error:
        build_as_requested(bindings, load_model(old(6, "Add")), Options(use_cache=False))
    assert isinstance(error.value, BuildError | ModelError)
    assert str(error.value).endswith(
        "cannot read the graph: it has no broadcasting of operator set 6: convert the file with "
        "ONNX's version_converter to 7 or later"
    )
