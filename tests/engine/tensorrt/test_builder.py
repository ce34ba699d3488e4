"""Engines built for real by TensorRT-RTX, which needs no GPU for that."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from paths import LIGHT
from shared_plans import googlenet_plan

import trtcore
from trtcore.engine.tensorrt.bindings import load_bindings, native_layout
from trtcore.engine.tensorrt.builder import Plan
from trtcore.engine.tensorrt.logger import MessageLog
from trtcore.errors import BackendError, BuildError, ModelError, OptionError

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")


@pytest.fixture(scope="module")
def fp32() -> Plan:
    return googlenet_plan("fp32")


@pytest.fixture(scope="module")
def fp16() -> Plan:
    return googlenet_plan("fp16")


def small_net(batch: int | str = 1, op: str = "Relu") -> onnx.ModelProto:
    """A convolution and one more node."""
    weights = np.random.default_rng(0).standard_normal((8, 3, 3, 3), dtype=np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
            helper.make_node(op, ["c"], ["y"], name="last"),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 8, "h", "w"])],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_googlenet_builds_and_tells_its_layers(fp32: Plan) -> None:
    assert fp32.build.plan_bytes == len(fp32.content) > 20e6
    assert fp32.build.seconds > 0
    assert fp32.information is not None
    assert fp32.build.layers == len(fp32.information.layers) > 100
    assert [(t.name, t.shape, t.dtype, t.mode) for t in fp32.information.io] == [
        ("data", (1, 3, 224, 224), "Float", "input"),
        ("prob", (1, 1000), "Float", "output"),
    ]


def test_every_node_of_googlenet_is_behind_some_layer(fp32: Plan) -> None:
    from trtcore.models.builtin.googlenet import googlenet
    from trtcore.models.onnx.graph import model_nodes

    assert fp32.information is not None
    named = {node for layer in fp32.information.layers for node in layer.nodes}
    missing = {node.name for node in model_nodes(googlenet(1))} - named
    # Concatenations are done by writing in place, and a flattening moves nothing.
    assert {name for name in missing if not name.endswith("/output")} <= {
        "loss3/classifier/flatten"
    }


def test_fp16_halves_the_plan_and_is_in_the_engine(fp32: Plan, fp16: Plan) -> None:
    assert 0.45 < len(fp16.content) / len(fp32.content) < 0.65
    assert fp16.information is not None
    outputs = [t.dtype for layer in fp16.information.layers for t in layer.outputs]
    assert outputs.count("Half") > 0.9 * len(outputs)
    assert {t.dtype for t in fp16.information.io} == {"Half"}


def test_fp32_has_no_half_in_it(fp32: Plan) -> None:
    assert fp32.information is not None
    assert {t.dtype for layer in fp32.information.layers for t in layer.outputs} == {"Float"}


def test_the_onnx_packages_light_googlenet_builds() -> None:
    plan = trtcore.build_model(LIGHT / "light_inception_v1.onnx", precision="fp16")
    assert plan.build.layers > 50


def test_the_caffe_googlenet_goes_through_the_whole_chain(data: Path, fp16: Plan) -> None:
    deploy = data / "caffe" / "bvlc_googlenet_deploy.prototxt"
    plan = trtcore.build_model(deploy, batch=1, precision="fp16")
    assert plan.information is not None
    assert fp16.information is not None
    assert [x.nodes for x in plan.information.layers] == [x.nodes for x in fp16.information.layers]
    assert abs(len(plan.content) / len(fp16.content) - 1) < 0.01


@pytest.mark.parametrize("batch", [None, 5])
def test_a_dynamic_batch_is_settled(batch: int | None) -> None:
    plan = trtcore.build_model(small_net("n"), batch=batch)
    assert plan.information is not None
    assert plan.information.io[0].shape == (batch or 1, 3, 16, 16)


def test_shapes_by_name() -> None:
    plan = trtcore.build_model(small_net("n"), shapes={"x": (2, 3, 32, 8)})
    assert plan.information is not None
    assert [t.shape for t in plan.information.io] == [(2, 3, 32, 8), (2, 8, 30, 6)]


def test_a_serial_engine_uses_one_stream() -> None:
    plan = trtcore.build_model("googlenet", batch=1, precision="fp16", serial=True)
    assert plan.information is not None
    assert {layer.stream for layer in plan.information.layers} == {0}


def test_the_workspace_limit_is_passed_on() -> None:
    assert trtcore.build_model(small_net(), workspace_mib=64).content


def test_an_unsupported_op_is_named_with_its_node() -> None:
    with pytest.raises(
        ModelError,
        match=r"cannot read the graph: node 'last' \(MyPlugin\): no ONNX operator and no plugin",
    ):
        trtcore.build_model(small_net(op="MyPlugin"))


def test_the_phases_of_the_build_are_reported() -> None:
    seen: list[tuple[str, int, int]] = []
    trtcore.build_model(small_net(), progress=lambda *step: seen.append(step))
    phases = {phase for phase, _, _ in seen}
    assert "Building engine" in phases
    assert all(0 <= done <= total for _, done, total in seen)
    assert max(done for phase, done, _ in seen if phase == "Building engine") >= 1


def test_ctrl_c_ends_a_build() -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trtcore.build_model("googlenet", batch=1, progress=press)


@pytest.mark.parametrize("where", ["log", "progress", "between"])
def test_ctrl_c_is_not_lost_in_tensorrts_calls(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal is handled in whichever call into Python comes next, in those of the logger too."""

    def press(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    if where == "log":
        written = property(lambda _: "", press)
        monkeypatch.setattr(MessageLog, "layer_information", written, raising=False)
    elif where == "between":
        monkeypatch.setattr("trtcore.engine.tensorrt.builder._request_formats", press)
    with pytest.raises(KeyboardInterrupt):
        trtcore.build_model(small_net(), progress=press if where == "progress" else None)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_ones_own_hears_ctrl_c_after_the_build() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        with pytest.raises(BuildError):
            trtcore.build_model(
                "googlenet", batch=1, progress=lambda *_: signal.raise_signal(signal.SIGINT)
            )
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_a_build_in_another_thread() -> None:
    plans: list[Plan] = []
    thread = threading.Thread(target=lambda: plans.append(trtcore.build_model(small_net())))
    thread.start()
    thread.join()
    assert plans[0].content


def test_onnxruntime_builds_nothing() -> None:
    with pytest.raises(OptionError, match="backend is 'onnxruntime'"):
        trtcore.build_model(small_net(), backend="onnxruntime")


@pytest.mark.parametrize(
    ("name", "version", "has_conduit", "layout"),
    [
        ("tensorrt", "10.16.1", True, 10),
        ("tensorrt", "10.9.0", False, None),
        ("tensorrt", "11.1.0", True, 11),
        ("tensorrt", "11.9.0", False, None),
        ("tensorrt_rtx", "1.5.0.114", True, 11),
        ("tensorrt_rtx", "1.6.1.120", True, 11),
        ("tensorrt_rtx", "1.7.1.116", True, 11),
    ],
)
def test_the_layout_of_every_known_version(
    name: str, version: str, has_conduit: bool, layout: int | None
) -> None:
    assert native_layout(name, version, has_conduit=has_conduit) == layout


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("tensorrt", "12.0.0"),
        ("tensorrt", "8.6.1"),
        ("tensorrt_rtx", "1.4.0"),
        ("tensorrt_rtx", "2.0"),
    ],
)
def test_an_unknown_version_is_refused(name: str, version: str) -> None:
    with pytest.raises(BackendError, match=f"{version} is not supported: "):
        native_layout(name, version, has_conduit=True)


@pytest.mark.parametrize(
    ("name", "version", "newer_than"),
    [
        ("tensorrt", "10.16.1.11", ""),
        ("tensorrt", "11.4.9", ""),
        ("tensorrt", "11.10.0", "11.4"),
        ("tensorrt_rtx", "1.7.1.116", ""),
        ("tensorrt_rtx", "1.8.0", "1.7"),
    ],
)
def test_a_version_is_newer_by_major_and_minor_number(
    name: str, version: str, newer_than: str
) -> None:
    known = load_bindings("tensorrt_rtx")
    assert replace(known, name=name, version=version).newer_than == newer_than


def test_the_installed_bindings_are_known() -> None:
    bindings = load_bindings("tensorrt_rtx")
    assert bindings.layout == 11
    assert bindings.label == f"TensorRT-RTX {bindings.module.__version__}"
