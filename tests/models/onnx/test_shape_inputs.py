"""Inputs that decide shapes: the values they get run in ONNX Runtime, and TensorRT builds them."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from onnx import parser
from precision_models import run

import trtcore
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.builder import BuildOptions, build_plan
from trtcore.errors import BuildError, OptionError
from trtcore.models.inputs import InputRole, Kind
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.input_roles import input_roles, make_model_inputs
from trtcore.models.onnx.shape_inputs import default_values

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
CASES = {
    "reshape": ("int64[2] s", "y = Reshape (x, s)", (2, 12)),
    "reshape to fewer": ("int64[1] s", "y = Reshape (x, s)", (24,)),
    "reshape to more": ("int64[4] s", "y = Reshape (x, s)", (1, 1, 2, 12)),
    "behind a cast": ("int32[2] s", "c = Cast <to = 7> (s) y = Reshape (x, c)", (2, 12)),
    "a part of a shape": (
        "int64[1] s",
        "r = Constant <value_ints = [-1]> () c = Concat <axis = 0> (s, r) y = Reshape (x, c)",
        (1,),
    ),
    "expand": ("int64[3] s", "e = Expand (x, s) y = Relu (e)", (1, 2, 12)),
    "fill": ("int64[2] s", "f = ConstantOfShape (s) y = Add (x, f)", (1, 1)),
    "tile": ("int64[2] s", "t = Tile (x, s) y = Relu (t)", (1, 1)),
    "pad": ("int64[4] s", "p = Pad (x, s) y = Relu (p)", (0, 0, 0, 0)),
    "slice, ends": (
        "int64[2] s",
        "b = Constant <value_ints = [0, 0]> () t = Slice (x, b, s) y = Relu (t)",
        (2, 12),
    ),
    "top k": ("int64[1] s", "y, i = TopK (x, s)", (1,)),
}


def model_of(case: str) -> Model:
    given, nodes, _ = CASES[case]
    text = f"{HEAD} g (float[2,12] x, {given}) => (float y) {{ {nodes} }}"
    return load_model(parser.parse_model(text))


@functools.cache
def bindings() -> Bindings:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU")
    return load_bindings("tensorrt_rtx")


@pytest.mark.parametrize("case", CASES)
def test_default_values_run(case: str) -> None:
    model, values = model_of(case), CASES[case][2]
    assert input_roles(model) == {"s": InputRole(Kind.SHAPE, 0, values)}
    for source in ("random", "zeros"):  # zeros are for data
        feeds = make_model_inputs(model, source)
        assert feeds["s"].tolist() == list(values)
        assert run(model, feeds)[0].size


# TensorRT reads a K of TopK and the amounts of Pad as shapes too; all of them have to build.
@pytest.mark.parametrize("case", CASES)
def test_an_engine_takes_the_values(case: str) -> None:
    bindings()
    plan = trtcore.build_model(model_of(case), use_cache=False)
    assert plan.information is not None
    assert {tensor.name for tensor in plan.information.io} >= {"x", "s", "y"}


def test_values_of_the_user() -> None:
    bindings()
    model = model_of("reshape")
    for values in ("values(3,8)", "values(4,-1)"):
        assert trtcore.build_model(model, inputs={"s": values}, use_cache=False).content
    with pytest.raises(BuildError) as error:
        trtcore.build_model(model, inputs={"s": np.array([5, 8])}, use_cache=False)
    assert "could not build it with s:values(5,8) (inputs gives other values): " in str(error.value)
    assert "\n" not in str(error.value)


def test_values_are_needed_to_build() -> None:
    with pytest.raises(BuildError, match=r"^input 's' decides a shape, and TensorRT needs its "):
        build_plan(bindings(), model_of("reshape"), BuildOptions(use_cache=False))


def test_a_build_that_needs_no_inputs_takes_none() -> None:
    bindings()
    proto = parser.parse_model(f"{HEAD} g (float[2,12] x) => (float y) {{ y = Relu (x) }}")
    with pytest.raises(OptionError, match="has no effect when an engine of g is built"):
        trtcore.build_model(proto, inputs="zeros", use_cache=False)


@pytest.mark.parametrize(
    ("operator", "index", "data", "count", "values"),
    [
        ("Reshape", 1, (2, 3, 4), 2, (2, 12)),
        ("Reshape", 1, (), 2, (1, 1)),
        ("Expand", 1, (3, 4), 1, (4,)),
        ("Resize", 3, (1, 3, 8, 8), 4, (1, 3, 8, 8)),
        ("Slice", 1, (4, 6), 2, (0, 0)),
        ("Slice", 2, (4, 6), 1, (4,)),
        ("Slice", 3, (4, 6), 2, (0, 1)),
        ("Slice", 4, (4, 6), 2, (1, 1)),
        ("Range", 1, (), 1, (8,)),
        ("OneHot", 1, (5,), 1, (8,)),
        ("Reshape", 1, (1,), 0, ()),
    ],
)
def test_values(operator: str, index: int, data: tuple, count: int, values: tuple) -> None:
    assert default_values(operator, index, data, count) == values
