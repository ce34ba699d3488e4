"""Oddities of exporters that the runtimes take: each is read, timed, and judged."""

from __future__ import annotations

import pytest
from onnx import parser
from precision_models import model_of

from trtcore.errors import PrecisionError
from trtcore.measure.nodes.onnxruntime.profile import profile_nodes, run_model
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_outputs
from trtcore.models.onnx.input_roles import make_model_inputs
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.convert.apply import apply_precision

HEAD = '<ir_version: 8, opset_import: ["" : 17]> '
# FP16 has 11 bits and BF16 has 8: a rounding is off by 2**-11 or 2**-9 of a value at most. These
# graphs have up to four nodes in a row, which round what they read and what they write.
ROUNDINGS = 2 * 4
BOUNDS = {"fp16": ROUNDINGS * 2.0**-11, "bf16": ROUNDINGS * 2.0**-9}


def rows(graph: Model) -> list[str]:
    feeds = make_model_inputs(graph)
    return [layer.name for layer in profile_nodes(graph, feeds, iterations=2, threads=1).layers]


def test_an_output_without_a_type_gets_the_one_that_is_inferred() -> None:
    text = "bare (float[2,3] x) => (float[2,3] y) { [act] y = Relu (x) }"
    proto = parser.parse_model(HEAD + text)
    proto.graph.output[0].ClearField("type")
    loaded = load_model(proto)
    assert [(one.name, one.shape, one.dtype) for one in model_outputs(loaded)] == [
        ("y", (2, 3), "float32")
    ]
    assert loaded.notes == ("output 'y' has no type in the file: inferred",)
    assert rows(loaded) == ["act"]


def test_a_precision_for_a_model_of_64_bits() -> None:
    text = "wide (double[2,3] x) => (double[2,3] y) { [act] y = Relu (x) }"
    loaded = load_model(parser.parse_model(HEAD + text))
    with pytest.raises(PrecisionError) as error:
        apply_precision(loaded, "fp16")
    assert str(error.value) == (
        "wide computes in FP64, which precision='fp16' does not change: export it in FP32"
    )
    assert rows(loaded) == ["act"]


ODD = {
    "names that repeat": """net (float[2,4] x) => (float[2,4] y)
        { [n] a = Relu (x) [n] b = Exp (a) [n] y = Neg (b) }""",
    "an input that nothing reads": """net (float[2,4] x, float[3] z) => (float[2,4] y)
        { y = Relu (x) }""",
    "an output that is an input": """net (float[2,4] x) => (float[2,4] y, float[2,4] x)
        { y = Relu (x) }""",
    "a constant as output": """net (float[2,4] x) => (float[2,4] y, float[4,4] w) <float[4,4] w>
        { y = MatMul (x, w) }""",
    "an If whose condition is constant": """net (float[2,4] x) => (float[2,4] y) <bool c = {1}>
        { y = If (c) <then_branch = t () => (float[2,4] a) { a = Relu (x) },
                      else_branch = e () => (float[2,4] b) { b = Neg (x) }> }""",
    "a cache of no entries": """net (float[1,2,0,4] past, float[1,2,1,4] k) => (float[1,2,1,4] y)
        { y = Concat <axis = 2> (past, k) }""",
    "a scalar input": "net (float s, float[2,4] x) => (float[2,4] y) { y = Mul (s, x) }",
    "a mask of booleans": """net (bool[2,4] m, float[2,4] x) => (float[2,4] y)
        <float z = {-10000}> { y = Where (m, x, z) }""",
    "pixels of bytes": """net (uint8[1,8,8,3] x) => (float[1,3,8,8] y)
        { f = Cast <to = 1> (x) y = Transpose <perm = [0, 3, 1, 2]> (f) }""",
    "no input at all": """net () => (float[2] y)
        { c = Constant <value_floats = [1.0, 2.0]> () y = Relu (c) }""",
    "an output twice": "net (float[2,4] x) => (float[2,4] y, float[2,4] y) { y = Relu (x) }",
}


@pytest.mark.parametrize("precision", ["", "fp16", "bf16"])
@pytest.mark.parametrize("name", ODD)
def test_what_onnxruntime_runs_is_timed_in_every_precision(name: str, precision: str) -> None:
    loaded = model_of(HEAD + ODD[name])
    if not precision:
        assert rows(loaded)
        return
    graph = apply_precision(loaded, precision)
    accuracy = Reference(loaded, run_model, threads=1).of_graph(graph)
    assert accuracy.not_compared == ()
    assert accuracy.relative_l2 < BOUNDS[precision]


@pytest.mark.parametrize("opset", range(7, 26))
def test_a_network_of_every_operator_set(opset: int) -> None:
    version = 8 if opset < 19 else 10
    head = f'<ir_version: {version}, opset_import: ["" : {opset}]> '
    loaded = model_of(
        f"""{head} net (float[1,3,8,8] x) => (float[1,4] y) <float[4,3,3,3] w>
        {{ [conv] a = Conv <pads = [1, 1, 1, 1]> (x, w) [relu] b = Relu (a)
           [pool] p = GlobalAveragePool (b) [flat] y = Flatten (p) }}"""
    )
    assert rows(loaded) == ["conv", "relu", "pool", "flat"]
    for precision, bound in BOUNDS.items():
        graph = apply_precision(loaded, precision)
        assert Reference(loaded, run_model, threads=1).of_graph(graph).relative_l2 < bound
