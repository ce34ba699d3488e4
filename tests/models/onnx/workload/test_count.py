"""The work of nodes: closed forms worked out by hand, and the published figures of networks."""

from __future__ import annotations

from dataclasses import replace

import onnx
import pytest
from networks import read_graph

from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_nodes
from trtcore.models.onnx.shapes import with_shapes
from trtcore.models.onnx.workload.count import count_work
from trtcore.result.records.work import NodeWork

HEAD = '<ir_version: 10, opset_import: ["" : {opset}]>\ng '


def work_of(text: str, opset: int = 21) -> list[NodeWork | None]:
    proto = onnx.parser.parse_model(HEAD.replace("{opset}", str(opset)) + text)
    proto = onnx.shape_inference.infer_shapes(proto, data_prop=True)
    return [work for _, work in count_work(proto)]


PRODUCTS = {
    "Conv with a bias": (
        "(float[2,8,10,10] x, float[16,8,3,3] w, float[16] b) => (y) "
        "{ y = Conv <pads = [1,1,1,1]> (x, w, b) }",
        2 * 16 * 100 * 8 * 9,
        2 * 16 * 100,
    ),
    "Conv by groups": (
        "(float[2,8,10,10] x, float[8,1,3,3] w) => (y) { y = Conv <group = 8> (x, w) }",
        2 * 8 * 64 * 9,
        0,
    ),
    "ConvTranspose": (
        "(float[2,8,10,10] x, float[8,4,2,2] w) => (y) "
        "{ y = ConvTranspose <strides = [2,2]> (x, w) }",
        2 * 8 * 100 * 4 * 4,
        0,
    ),
    "MatMul, broadcast": (
        "(float[2,3,5,7] x, float[7,4] w) => (y) { y = MatMul (x, w) }",
        2 * 3 * 5 * 7 * 4,
        0,
    ),
    "MatMul of vectors": ("(float[7] x, float[7] w) => (y) { y = MatMul (x, w) }", 7, 0),
    "Gemm": (
        "(float[7,5] x, float[4,7] w, float[4] b) => (y) "
        "{ y = Gemm <transA = 1, transB = 1> (x, w, b) }",
        5 * 7 * 4,
        20,
    ),
    "Einsum": (
        "(float[2,3,5,7] x, float[2,3,9,7] w) => (y) "
        '{ y = Einsum <equation = "bhid,bhjd->bhij"> (x, w) }',
        2 * 3 * 5 * 9 * 7,
        0,
    ),
    "Einsum with an ellipsis": (
        "(float[2,3,5,7] x, float[7,4] w) => (y) "
        '{ y = Einsum <equation = "...d,de->...e"> (x, w) }',
        2 * 3 * 5 * 7 * 4,
        0,
    ),
    "LSTM": (
        "(float[6,2,3] x, float[1,20,3] w, float[1,20,5] r) => (y) "
        "{ y = LSTM <hidden_size = 5> (x, w, r) }",
        6 * 2 * 4 * 5 * (3 + 5),
        0,
    ),
    "GRU in both directions": (
        "(float[6,2,3] x, float[2,15,3] w, float[2,15,5] r) => (y) "
        '{ y = GRU <hidden_size = 5, direction = "bidirectional"> (x, w, r) }',
        2 * 6 * 2 * 3 * 5 * (3 + 5),
        0,
    ),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name):
    text, macs, other = PRODUCTS[name]
    (work,) = work_of(text)
    assert work is not None
    assert (work.macs, work.flops) == (macs, 2 * macs + other)


@pytest.mark.parametrize(
    ("text", "flops"),
    [
        ("(float[2,3] x) => (y) { y = Erf (x) }", 6),
        ("(float[2,3] x, float[3] b) => (y) { y = Add (x, b) }", 6),
        ("(float[2,3] x) => (y) { y = Softmax (x) }", 5 * 6),
        ("(float[2,3] x, float[3] s) => (y) { y = LayerNormalization (x, s) }", 7 * 6),
        ("(float[2,3,4,4] x) => (y) { y = GlobalAveragePool (x) }", 2 * 3 * 16),
        (
            "(float[2,3,4,4] x) => (y) { y = MaxPool <kernel_shape = [2,2], strides = [2,2]> (x) }",
            2 * 3 * 4 * 4,
        ),
        ("(float[2,3,4,4] x) => (y) { y = LRN <size = 5> (x) }", 96 * 10),
        ("(float[2,3] x) => (y) <int64[2] p = {3,2}> { y = Reshape (x, p) }", 0),
        ("(float[2,3] x) => (y) { y = Transpose (x) }", 0),
        (
            "(float[1,1,4,4] x) => (y) <float[4] s = {1.0, 1.0, 2.0, 2.0}> "
            '{ y = Resize <mode = "linear"> (x, , s) }',
            2 * 64 * 4,
        ),
        (
            "(float[1,1,4,4] x) => (y) <float[4] s = {1.0, 1.0, 2.0, 2.0}> "
            '{ y = Resize <mode = "nearest"> (x, , s) }',
            0,
        ),
    ],
)
def test_what_is_no_product(text, flops):
    (work,) = work_of(text)
    assert work is not None
    assert (work.macs, work.flops) == (0, flops)


def test_elements_of_weights_and_outputs():
    text = (
        "(float[2,3] x) => (y) <float[3,4] w = {1,1,1,1,1,1,1,1,1,1,1,1}, float scale = {2.0}> "
        "{ v = Mul (w, scale) m = MatMul (x, v) y = Relu (m) }"
    )
    folded, product, relu = work_of(text)
    assert folded == NodeWork()  # depends on constants only
    assert product == NodeWork(macs=24, flops=48, weights=12, outputs=(8,))
    assert relu == NodeWork(flops=8, outputs=(8,))


def test_an_output_whose_size_depends_on_data():
    (work,) = work_of("(float[2,3] x) => (int64[r,n] y) { y = NonZero (x) }")
    assert work is not None
    assert work.flops == 0
    assert work.outputs == (-1,)  # how many there are depends on the data


def test_a_shape_behind_arithmetic_that_inference_leaves_open():
    text = """(float[1,3,8] x) => (y) <int64[3] half = {0, 0, 1}, int64[3] shift = {0, 1, 0}> {
        sum = Add (half, shift)
        sorted, at = TopK <axis = 0> (sum, three)
        pads = Concat <axis = 0> (sorted, sorted)
        y = Pad (x, pads)
        }""".replace("int64[3] shift", "int64[1] three = {3}, int64[3] shift")
    *_, pad = work_of(text)
    assert pad is not None
    assert pad.outputs == ((1 + 2) * (3 + 2) * 8,)


@pytest.mark.parametrize(
    ("name", "gmacs", "million_weights"),
    [
        # torchvision's model pages (multiply-adds at 224 x 224, parameters), BERT's by hand below.
        ("resnet50", 4.09, 25.6),
        ("vit_b_16", 17.56, 86.6),
        ("swin_t", 4.49, 28.3),
        ("convnext_tiny", 4.46, 28.6),
        ("mobilenet_v3_large", 0.22, 5.5),
        # 12 layers of (4 * 768**2 + 2 * 768 * 3072 + 2 * 128 * 768) for each of 128 tokens, and
        # the pooler's 768**2 once; 109.5 M parameters.
        ("bert_base", 11.17, 109.5),
    ],
)
def test_published_figures(name, gmacs, million_weights):
    works = [node.work for node in model_nodes(load_model(read_graph(name)))]
    assert None not in works
    batch = 4
    macs = sum(work.macs for work in works if work) / batch
    assert macs / 1e9 == pytest.approx(gmacs, rel=0.02)
    weights = sum(work.weights for work in works if work)
    assert weights / 1e6 == pytest.approx(million_weights, rel=0.02)


def test_nodes_without_their_work_are_the_same():
    for name in ("googlenet", read_graph("resnet50_int8")):
        model = load_model(name)
        bare = tuple(replace(node, work=None) for node in model_nodes(model))
        assert model_nodes(model, with_work=False) == bare


def test_googlenet():
    model = with_shapes(load_model("googlenet"), batch=1)
    macs = sum(node.work.macs for node in model_nodes(model) if node.work)
    assert macs / 1e9 == pytest.approx(1.58, rel=0.02)
