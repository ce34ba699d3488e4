"""Operators in PyTorch against ONNX's own test cases, and against ONNX Runtime where those end."""

from __future__ import annotations

import re
import warnings
from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from trtcore.errors import ModelError
from trtcore.models.model import Model
from trtcore.models.onnx.graph import ONNX_DOMAINS

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from trtcore.measure.nodes.onnxruntime.profile import run_model as run_onnxruntime  # noqa: E402
from trtcore.measure.nodes.torch.eager import run_model  # noqa: E402
from trtcore.measure.nodes.torch.operators import OPERATORS  # noqa: E402

pytestmark = pytest.mark.torch

# What is refused in ONNX's own cases: every refusal has to be one of these.
REFUSALS = (
    r"type (UINT16|UINT32|UINT64|STRING)",
    r"the last of equal values",
    r"training mode",
    r"an average pool with dilations",
    r"\((Dropout|LayerNormalization|MaxPool)\): its output",
    r"\(Pad\): its input 'pads' depends on the data",
    r"\(ConvTranspose\): an output larger than",
    r"a reduction over no axis",
    r"\(Reduce\w+\): am(ax|in)\(\): Expected reduction dim",
    r"\(Resize\)",
    r"opset [16], PyTorch eager runs 7",
)
# Their cases give a mean too, or are of an older opset: tested below.
WITHOUT_A_CASE = {"LayerNormalization", "Not"}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


def published_cases():
    """ONNX's cases of arrays whose operators are all in the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    for case in cases:
        nodes = case.model.graph.node
        known = all(n.op_type in OPERATORS and n.domain in ONNX_DOMAINS for n in nodes)
        arrays = [a for pair in case.data_sets for side in pair for a in side]
        if nodes and known and all(isinstance(array, np.ndarray) for array in arrays):
            yield case


def with_constants(proto, fed):
    """The parameters of a case as constants, which they are in real networks."""
    own = onnx.ModelProto()
    own.CopyFrom(proto)
    limits = [(node, OPERATORS[node.op_type].data) for node in own.graph.node]
    names = {n for node, data in limits if data is not None for n in node.input[data:] if n}
    for name in sorted(names & fed.keys()):
        own.graph.initializer.append(numpy_helper.from_array(np.array(fed.pop(name)), name))
    return own


def run_case(case, inputs):
    fed = dict(zip((value.name for value in case.model.graph.input), inputs, strict=True))
    proto = with_constants(case.model, fed)
    fed = {k: v.astype(np.float32) if v.dtype.name == "bfloat16" else v for k, v in fed.items()}
    return run_model(Model(case.name, proto, "memory"), fed, device="cpu")


def test_cases_that_onnx_publishes():
    wrong, passed = [], Counter()
    for case in published_cases():
        for inputs, outputs in case.data_sets:
            try:
                found = list(run_case(case, inputs).values())
            except ModelError as error:
                if not re.search("|".join(REFUSALS), str(error)):
                    wrong.append(f"{case.name}: {error}")
                continue
            close = all(
                have.shape == want.shape
                and np.allclose(
                    have.astype(float),
                    want.astype(float),
                    rtol=max(case.rtol, 1e-4),
                    atol=max(case.atol, 1e-6),
                    equal_nan=True,
                )
                for have, want in zip(found, outputs, strict=True)
            )
            passed.update({node.op_type for node in case.model.graph.node} if close else ())
            wrong += [] if close else [case.name]
    assert wrong == []
    assert set(OPERATORS) - set(passed) == WITHOUT_A_CASE


def one_node(op, shape, *others, opset=17, inputs=None, outputs=("y",), **attributes):
    """A model of one node; further inputs are constants."""
    names = [f"c{i}" if other is not None else "" for i, other in enumerate(others)]
    node = helper.make_node(op, ["x", *names], list(outputs), "the node", **attributes)
    constants = [
        numpy_helper.from_array(other, name)
        for other, name in zip(others, names, strict=True)
        if other is not None
    ]
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        constants,
    )
    opsets = [helper.make_opsetid("", opset)]
    return Model("net", helper.make_model(graph, opset_imports=opsets, ir_version=9), "memory")


def values(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def assert_like_onnxruntime(model, x):
    expected = run_onnxruntime(model, {"x": x}, threads=1)["y"]
    found = run_model(model, {"x": x}, device="cpu")["y"]
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def geometries(count, rank=2):
    """Pools and convolutions of every kind of padding, over odd sizes."""
    random = np.random.default_rng(7)
    for _ in range(count):
        kernel = random.integers(1, 5, rank).tolist()
        yield {
            "sizes": random.integers(6, 14, rank).tolist(),
            "kernel_shape": kernel,
            "strides": random.integers(1, 4, rank).tolist(),
            "pads": [int(random.integers(0, k)) for k in kernel * 2],
        }


@pytest.mark.parametrize("where", list(geometries(25)), ids=str)
class TestWindows:
    @pytest.mark.parametrize("ceil_mode", [0, 1])
    def test_max_pool(self, where, ceil_mode):
        sizes, rest = where["sizes"], {k: v for k, v in where.items() if k != "sizes"}
        model = one_node("MaxPool", [2, 3, *sizes], ceil_mode=ceil_mode, **rest)
        assert_like_onnxruntime(model, values(2, 3, *sizes))

    @pytest.mark.parametrize("ceil_mode", [0, 1])
    @pytest.mark.parametrize("count_include_pad", [0, 1])
    def test_average_pool(self, where, ceil_mode, count_include_pad):
        sizes, rest = where["sizes"], {k: v for k, v in where.items() if k != "sizes"}
        model = one_node(
            "AveragePool",
            [2, 3, *sizes],
            opset=22,
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
            **rest,
        )
        assert_like_onnxruntime(model, values(2, 3, *sizes))

    def test_convolution(self, where):
        sizes, rest = where["sizes"], {k: v for k, v in where.items() if k != "sizes"}
        weight, bias = values(6, 2, *where["kernel_shape"]), values(6)
        model = one_node("Conv", [2, 4, *sizes], weight, bias, group=2, **rest)
        assert_like_onnxruntime(model, values(2, 4, *sizes))

    def test_transposed_convolution(self, where):
        sizes, rest = where["sizes"], {k: v for k, v in where.items() if k != "sizes"}
        weight, bias = values(4, 3, *where["kernel_shape"]), values(6)
        model = one_node("ConvTranspose", [2, 4, *sizes], weight, bias, group=2, **rest)
        assert_like_onnxruntime(model, values(2, 4, *sizes))


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (2, 2), (4, 1), (2, 3)])
def test_automatic_padding(auto_pad, kernel, stride):
    x, options = values(1, 2, 11, 8), {"auto_pad": auto_pad, "strides": [stride, stride]}
    weight = values(5, 2, kernel, kernel)
    assert_like_onnxruntime(one_node("Conv", [1, 2, 11, 8], weight, **options), x)
    for op in ("MaxPool", "AveragePool"):
        model = one_node(op, [1, 2, 11, 8], kernel_shape=[kernel, kernel], **options)
        assert_like_onnxruntime(model, x)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_lrn_leans_as_in_onnx(size):
    # By ONNX's definition: ONNX Runtime refuses even sizes.
    x = values(2, 7, 3, 3)
    sums = np.stack(
        [
            (x[:, max(0, c - (size - 1) // 2) : c + size // 2 + 1] ** 2).sum(axis=1)
            for c in range(7)
        ],
        axis=1,
    )
    expected = x / (1.5 + 0.9 / size * sums) ** 0.6
    model = one_node("LRN", [2, 7, 3, 3], size=size, alpha=0.9, beta=0.6, bias=1.5)
    np.testing.assert_allclose(run_model(model, {"x": x}, device="cpu")["y"], expected, rtol=1e-5)


@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("axis", [None, 1, 2, -1])
@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
def test_softmax_over_one_or_all_axes(op, axis, opset):
    given = {} if axis is None else {"axis": axis}
    assert_like_onnxruntime(one_node(op, [2, 3, 4], opset=opset, **given), values(2, 3, 4))


@pytest.mark.parametrize(
    "model",
    [
        one_node("LayerNormalization", [2, 3, 4], values(4), values(4), axis=-1),
        one_node("LayerNormalization", [2, 3, 4], values(3, 4), None, axis=1),
        one_node("BatchNormalization", [2, 3, 4], *([np.full(3, 0.5, np.float32)] * 4)),
        one_node("Clip", [2, 3, 4], opset=9, min=-0.5, max=0.5),
        one_node("Clip", [2, 3, 4], None, np.array(0.3, np.float32)),
        one_node("Squeeze", [2, 1, 4], opset=9, axes=[1]),
        one_node("Unsqueeze", [2, 3, 4], opset=9, axes=[0, 4]),
        one_node("Slice", [2, 3, 4], opset=9, starts=[1, 0], ends=[9, -1], axes=[1, 2]),
        one_node("Pad", [2, 3, 4], opset=9, pads=[0, 1, 0, 0, 0, 2], value=3.0),
        one_node("Gather", [2, 3, 4], np.array([[0, -1]]), axis=1),
        one_node("Gather", [2, 3, 4], np.array(-1), axis=2),
        one_node("Reshape", [2, 3, 4], np.array([0, -1, 2])),
        one_node("Gemm", [2, 3], values(4, 3), values(4), transB=1, alpha=0.5, beta=2.0),
        one_node("PRelu", [2, 3, 4], values(3, 1)),
        one_node("PRelu", [2, 3, 4], values(4)),
        one_node("ReduceMean", [2, 3, 4], opset=13, axes=[1], keepdims=0),
        one_node("Resize", [1, 2, 3, 4], None, np.array([1, 1, 2, 2], np.float32), mode="linear"),
        one_node("Upsample", [1, 2, 3, 4], np.array([1, 1, 2, 3], np.float32), opset=9),
        one_node("Selu", [2, 3, 4]),
        one_node("HardSwish", [2, 3, 4]),
    ],
    ids=lambda model: f"{model.proto.graph.node[0].op_type}-{model.proto.opset_import[0].version}",
)
def test_older_forms_and_what_has_no_case(model):
    shape = [dim.dim_value for dim in model.proto.graph.input[0].type.tensor_type.shape.dim]
    assert_like_onnxruntime(model, values(*shape))


class TestRefusals:
    @pytest.mark.parametrize(
        ("model", "words"),
        [
            (
                one_node("MaxPool", [1, 1, 4, 4], outputs=("i", "y"), kernel_shape=[2, 2]),
                "node 'the node' (MaxPool): its output 'y' is used",
            ),
            (
                one_node("AveragePool", [1, 1, 4], opset=19, kernel_shape=[2], dilations=[2]),
                "node 'the node' (AveragePool): an average pool with dilations",
            ),
            (
                one_node("Cast", [2], to=TensorProto.FLOAT8E4M3FN, opset=19),
                f"node 'the node' (Cast): a cast to type {TensorProto.FLOAT8E4M3FN}",
            ),
            (
                one_node("GlobalAveragePool", [1, 2, 3], opset=6),
                "net: is written for opset 6, PyTorch eager runs 7 and later here",
            ),
        ],
        ids=["second output", "dilations", "type", "opset"],
    )  # fmt: skip
    def test_in_one_line_with_the_node(self, model, words):
        shape = [dim.dim_value for dim in model.proto.graph.input[0].type.tensor_type.shape.dim]
        with pytest.raises(ModelError, match=re.escape(words)) as caught:
            run_model(model, {"x": values(*shape)}, device="cpu")
        assert "\n" not in str(caught.value)
        assert "ONNX Runtime" in str(caught.value)

    def test_what_pytorch_itself_raises_names_the_node(self):
        model = one_node("Conv", [1, 5, 4, 4], values(2, 3, 3, 3))
        with pytest.raises(
            ModelError, match=r"^net: PyTorch: node 'the node' \(Conv\): \S"
        ) as error:
            run_model(model, {"x": values(1, 5, 4, 4)}, device="cpu")
        assert "\n" not in str(error.value)
