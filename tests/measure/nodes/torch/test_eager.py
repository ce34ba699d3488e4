"""Whole models in PyTorch eager on the CPU: outputs, rows, samples, and what is refused."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser
from paths import LIGHT
from words import texts

from trtcore.errors import ModelError
from trtcore.models.inputs import make_inputs
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import from_proto, model_inputs
from trtcore.precision.convert.apply import apply_precision
from trtcore.precision.request import Precision
from trtcore.result.records.layers import TensorInfo
from trtcore.result.records.method import Method, Timer

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from trtcore.measure.nodes.onnxruntime import profile as onnx_runtime  # noqa: E402
from trtcore.measure.nodes.torch.eager import profile_nodes, run_model  # noqa: E402
from trtcore.measure.nodes.torch.tracer import prepare  # noqa: E402

pytestmark = pytest.mark.torch

X = np.array([[-1, 0, 1], [2, -3, 0.5]], dtype=np.float32)

ATTENTION = """
<ir_version: 9, opset_import: ["": 17]>
block (float[2, 6, 8] x) => (float[2, 6, 8] y)
<float[8] scale = {1, 2, 1, 2, 1, 2, 1, 2}, float[8] bias = {0, 1, 0, 1, 0, 1, 0, 1},
 float half = {0.5}, float one = {1}, float root = {1.4142135}, int64[4] heads = {0, 0, 2, 4}>
{
    [norm] n = LayerNormalization <axis = -1> (x, scale, bias)
    [shape] s = Shape (x)
    [split] h = Reshape (n, heads)
    [query] q = Transpose <perm = [0, 2, 1, 3]> (h)
    [key] k = Transpose <perm = [0, 2, 3, 1]> (h)
    [scores] a = MatMul (q, k)
    [weights] w = Softmax <axis = -1> (a)
    [mix] m = MatMul (w, q)
    [back] b = Transpose <perm = [0, 2, 1, 3]> (m)
    [join] j = Reshape (b, s)
    [residual] r = Add (x, j)
    [gelu_div] d = Div (r, root)
    [gelu_erf] e = Erf (d)
    [gelu_add] f = Add (e, one)
    [gelu_mul] g = Mul (r, f)
    [gelu_half] y = Mul (g, half)
}
"""


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


def relu_model():
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="first"),
        helper.make_node("Exp", ["a"], ["y"], name="second"),
    ]
    return graph_of(nodes)


def graph_of(nodes, *, weights=(), outputs=("y",), kind=TensorProto.FLOAT):
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", kind, [2, 3])],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        list(weights),
    )
    opsets = [helper.make_opsetid("", 17)]
    return Model("net", helper.make_model(graph, opset_imports=opsets, ir_version=9), "memory")


def with_random_weights(model):
    """Puts random weights for those that a light model makes of one repeated value."""
    random = np.random.default_rng(5)
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    proto.ir_version = 4  # before, an initializer has to be an input too
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    kept = []
    for node in proto.graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        shape = shapes[node.input[0]]
        fan_in = max(int(np.prod(shape[1:])), 1)
        values = np.abs(random.standard_normal(shape)) if shape.size == 1 else None
        if values is None:
            values = random.standard_normal(shape) * np.sqrt(2 / fan_in)
        tensor = numpy_helper.from_array(values.astype(np.float32), node.output[0])
        proto.graph.initializer.append(tensor)
    del proto.graph.node[:]
    proto.graph.node.extend(kept)
    return from_proto(proto, model.name)


class TestOutputs:
    def test_googlenet_agrees_with_onnx_runtime(self):
        model = load_model("googlenet", batch=1)
        inputs = make_inputs(model_inputs(model))
        expected = onnx_runtime.run_model(model, inputs, threads=1)["prob"]
        np.testing.assert_allclose(
            run_model(model, inputs, device="cpu")["prob"], expected, rtol=1e-4, atol=1e-6
        )

    @pytest.mark.parametrize("name", ["squeezenet", "shufflenet", "inception_v2", "resnet50"])
    def test_published_networks_agree_with_onnx_runtime(self, name):
        model = with_random_weights(load_model(LIGHT / f"light_{name}.onnx", batch=1))
        inputs = make_inputs(model_inputs(model))
        expected = onnx_runtime.run_model(model, inputs, threads=1)
        found = run_model(model, inputs, device="cpu")
        for output, values in expected.items():
            assert np.ptp(values) > 1e-3
            np.testing.assert_allclose(found[output], values, rtol=1e-4, atol=1e-5)

    def test_attention_agrees_with_onnx_runtime(self):
        model = from_proto(parser.parse_model(ATTENTION))
        inputs = make_inputs(model_inputs(model))
        expected = onnx_runtime.run_model(model, inputs, threads=1)["y"]
        np.testing.assert_allclose(
            run_model(model, inputs, device="cpu")["y"], expected, rtol=1e-4, atol=1e-6
        )

    @pytest.mark.parametrize(("precision", "error"), [("fp16", 5e-3), ("bf16", 5e-2)])
    def test_16_bit_graphs(self, precision, error):
        model = with_random_weights(load_model(LIGHT / "light_squeezenet.onnx", batch=1))
        inputs = make_inputs(model_inputs(model))
        low = apply_precision(model, Precision(precision))
        fed = make_inputs(model_inputs(low))
        (expected,) = onnx_runtime.run_model(model, inputs, threads=1).values()
        (found,) = run_model(low, fed, device="cpu").values()
        found = found.astype(np.float64)
        assert 0 < np.linalg.norm(found - expected) / np.linalg.norm(expected) < error

    def test_outputs_in_the_middle_and_inputs_as_outputs_stay_alive(self):
        nodes = [
            helper.make_node("Relu", ["x"], ["a"], name="a"),
            helper.make_node("Exp", ["a"], ["y"], name="y"),
            helper.make_node("Constant", [], ["c"], name="c", value_floats=[1.0, 2.0]),
        ]
        found = run_model(graph_of(nodes, outputs=("a", "x", "y", "c")), {"x": X}, device="cpu")
        assert list(found) == ["a", "x", "y", "c"]
        np.testing.assert_array_equal(found["a"], np.maximum(X, 0))
        np.testing.assert_array_equal(found["x"], X)
        np.testing.assert_array_equal(found["c"], [1, 2])


class TestSteps:
    def test_what_is_known_is_computed_once(self):
        model = from_proto(parser.parse_model(ATTENTION))
        graph = prepare(model, make_inputs(model_inputs(model)), "cpu")
        assert [node.name for node in graph.known] == ["shape"]
        assert len(graph.steps) == 15

    def test_values_are_freed_after_their_last_reader(self):
        nodes = [
            helper.make_node("Relu", ["x"], ["a"], name="1"),
            helper.make_node("Split", ["a"], ["b", "unread"], name="2", axis=0),
            helper.make_node("Add", ["b", "b"], ["c"], name="3"),
            helper.make_node("Exp", ["c"], ["y"], name="4"),
        ]
        graph = prepare(graph_of(nodes), {"x": X}, "cpu")
        assert [set(step.dead) for step in graph.steps] == [set(), {"a", "unread"}, {"b"}, {"c"}]
        values = dict(graph.given)
        for step in graph.steps:
            step.run(values)
        assert set(values) == {"x", "y"}

    def test_constants_go_to_the_device_only_where_data_is_read(self):
        weights = [
            numpy_helper.from_array(np.array([3, 2]), "shape"),
            numpy_helper.from_array(np.ones(2, np.float32), "ones"),
        ]
        nodes = [
            helper.make_node("Reshape", ["x", "shape"], ["a"], name="1"),
            helper.make_node("Add", ["a", "ones"], ["y"], name="2"),
        ]
        graph = prepare(graph_of(nodes, weights=weights), {"x": X}, "cpu")
        assert set(graph.given) == {"x", "ones"}

    def test_layers_say_types_and_shapes(self):
        graph = prepare(relu_model(), {"x": X}, "cpu")
        layer = graph.steps[1].layer
        assert (layer.name, layer.kind, layer.nodes) == ("second", "Exp", ("second",))
        assert layer.inputs == (TensorInfo("a", (2, 3), "Float"),)
        assert layer.outputs == (TensorInfo("y", (2, 3), "Float"),)


class TestProfile:
    def test_rows_are_the_nodes_of_the_model(self):
        model = load_model("googlenet", batch=1)
        run = profile_nodes(model, make_inputs(model_inputs(model)), iterations=2, device="cpu")
        assert [layer.name for layer in run.layers] == [n.name for n in model.proto.graph.node]
        samples = run.samples
        assert samples.layer_ms.shape == (2, len(model.proto.graph.node))
        assert samples.layer_ms.dtype == np.float32
        assert samples.wall_ms.shape == samples.profiled_wall_ms.shape == (2,)
        assert samples.gpu_ms.size == samples.enqueue_ms.size == 0
        np.testing.assert_allclose(samples.layer_ms.sum(axis=1), samples.profiled_wall_ms, 1e-3)
        assert (run.backend, run.on_gpu) == ("torch", False)
        assert run.runtime == f"PyTorch {torch.__version__}"

    def test_counts_method_and_progress(self):
        seen = []
        run = profile_nodes(
            relu_model(), {"x": X}, iterations=2, device="cpu", progress=lambda *a: seen.append(a)
        )
        counts = run.counts
        assert (counts.asked, counts.warmed_up, counts.measured) == (2, 4, 2)
        assert run.method == Method(Timer.TORCH_HOST, threads=1)
        assert seen[:2] == [("timing layers", 1, 2), ("timing inference", 1, 2)]

    def test_as_many_as_fit(self):
        run = profile_nodes(relu_model(), {"x": X}, iterations=None, max_seconds=0.05, device="cpu")
        assert run.counts.asked == 0
        assert run.counts.measured >= 10
        assert (run.method.fit_s, run.method.most) == (0.05, 1000)

    def test_nodes_without_a_row_are_counted(self):
        constant = helper.make_node("Constant", [], ["c"], name="c", value_float=2.0)
        model = graph_of([constant, helper.make_node("Mul", ["x", "c"], ["y"], name="m")])
        run = profile_nodes(model, {"x": X}, iterations=1, device="cpu")
        assert [layer.name for layer in run.layers] == ["m"]
        assert texts(run.warnings) == (
            "1 of 2 model nodes have no row, because their results are constant: 1 Constant",
        )

    def test_the_model_is_left_as_it_was(self):
        model = relu_model()
        before = model.proto.SerializeToString()
        profile_nodes(model, {"x": X}, iterations=1, device="cpu")
        assert model.proto.SerializeToString() == before

    def test_ctrl_c_keeps_what_was_measured(self):
        started = threading.Event()
        sender = threading.Thread(
            target=lambda: (started.wait(), os.kill(os.getpid(), signal.SIGINT))
        )
        sender.start()
        run = profile_nodes(
            relu_model(),
            {"x": X},
            iterations=1_000_000,
            device="cpu",
            progress=lambda phase, done, total: started.set(),
        )
        sender.join()
        assert run.counts.interrupted
        assert 1 <= run.counts.measured < 1_000_000
        assert len(run.samples.layer_ms) == run.counts.measured


class TestBadInput:
    def test_all_unknown_operators_are_named_at_once(self):
        nodes = [
            helper.make_node("Relu", ["x"], ["r"], name="fine"),
            *(helper.make_node("Det", ["r"], [f"d{i}"], name=f"det {i}") for i in range(5)),
            helper.make_node("Relu", ["r"], ["p"], name="plugin", domain="my.domain"),
            helper.make_node("NonZero", ["x"], ["y"], name="nz"),
        ]
        with pytest.raises(ModelError) as caught:
            run_model(graph_of(nodes), {"x": X}, device="cpu")
        assert str(caught.value) == (
            "net: PyTorch eager does not run these operators here: Det ('det 0', 'det 1', 'det 2' "
            "and 2 more); my.domain.Relu ('plugin'); NonZero ('nz'); ONNX Runtime does"
        )

    def test_shapes_that_depend_on_data(self):
        nodes = [
            helper.make_node("Cast", ["x"], ["i"], name="c", to=TensorProto.INT64),
            helper.make_node("Expand", ["x", "i"], ["y"], name="e"),
        ]
        with pytest.raises(ModelError, match=r"node 'e' \(Expand\): its input 'shape' depends"):
            run_model(graph_of(nodes), {"x": X}, device="cpu")

    def test_types_that_pytorch_does_not_compute_with(self):
        model = graph_of(
            [helper.make_node("Relu", ["x"], ["y"], name="r")], kind=TensorProto.UINT32
        )
        with pytest.raises(ModelError, match="input 'x': type UINT32, which PyTorch does not"):
            run_model(model, {"x": X.astype(np.uint32)}, device="cpu")

    def test_a_missing_input(self):
        with pytest.raises(ModelError, match="net: input 'x' is missing"):
            run_model(relu_model(), {}, device="cpu")
