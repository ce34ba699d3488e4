"""Constants that only mean "never": found whatever carries them, and nothing else is."""

from __future__ import annotations

import re

import numpy as np
import pytest
from onnx import numpy_helper, parser
from precision_models import advised, initializers_of, run

from trtcore.errors import PrecisionError
from trtcore.measure.nodes.onnxruntime.profile import run_model
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.precision.accuracy.emulation import emulated
from trtcore.precision.convert.apply import apply_precision

LOWEST = -3.4028235e38
HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
CAUSAL = ", ".join("0" if j <= i else f"{LOWEST}" for i in range(4) for j in range(4))


def graph(nodes: str, constants: str = "", inputs: str = "") -> Model:
    """A model of scores ``s`` (1, 2, 4, 4) and a mask ``m`` (1, 1, 1, 4) that gives ``p``."""
    stated = f"<float c = {{{LOWEST}}}, float one = {{1}}{constants}>"
    feeds = f"float[1,2,4,4] s, int64[1,1,1,4] m{inputs}"
    return load_model(parser.parse_model(f"{HEAD} g ({feeds}) => (float p) {stated} {{ {nodes} }}"))


INVERTED = "f = Cast <to: int = 1> (m) i = Sub (one, f)"
# Where a mask constant is, how it goes to the Softmax, and what FP16 and BF16 make of it.
FULL, ADDED = (-65504.0, -3.3895313892515355e38), (-21824.0, -85 * 2.0**120)
PATTERNS = {
    "Where before Softmax": ("b = Cast <to: int = 9> (m) w = Where (b, s, c)", "w", FULL),
    "product added": (f"{INVERTED} w = Mul (i, c) a = Add (s, w)", "a", ADDED),
    "product subtracted": (f"{INVERTED} w = Mul (c, i) n = Neg (w) a = Sub (s, n)", "a", ADDED),
    "product of a division": (
        f"{INVERTED} w = Mul (i, c) a = Add (s, w) r = Sqrt (one) d = Div (a, r)",
        "d",
        ADDED,
    ),
    "scaled after it was added": (
        f"{INVERTED} w = Mul (i, c) a = Add (s, w) h = Constant <value_float = 0.125> ()"
        " d = Mul (a, h)",
        "d",
        ADDED,
    ),
    "Expand, Concat, Slice": (
        "z = Constant <value_ints = [1, 1, 1, 2]> () e = Expand (c, z) t = Concat <axis = 3> (e, e)"
        " b = Cast <to: int = 9> (m) w = Where (b, s, t)",
        "w",
        FULL,
    ),
    "Unsqueeze, Reshape, Transpose, Cast": (
        "z = Constant <value_ints = [0, 1]> () u = Unsqueeze (c, z)"
        " o = Constant <value_ints = [1, 1, 1, 1]> () r = Reshape (u, o)"
        " t = Transpose <perm = [0, 1, 3, 2]> (r) k = Cast <to: int = 1> (t)"
        " b = Cast <to: int = 9> (m) w = Where (b, s, k) a = Add (w, one)",
        "a",
        ADDED,
    ),
    "compared and added": (
        f"{INVERTED} w = Mul (i, c) q = Equal (w, c) k = Not (q) n = Cast <to: int = 1> (k)"
        " v = Mul (w, n) a = Add (s, v)",
        "a",
        ADDED,
    ),
    "Max keeps what is masked above a limit": (
        f"{INVERTED} w = Mul (i, c) a = Add (s, w) x = Max (a, c)",
        "x",
        ADDED,
    ),
}


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_masks_of_the_exporters_saturate(pattern: str, precision: str) -> None:
    nodes, last, limits = PATTERNS[pattern]
    model = graph(f"{nodes} p = Softmax <axis = -1> ({last})")
    low = apply_precision(model, precision)
    limit = limits[precision == "bf16"]
    assert stored(low, "c") == limit
    assert low.notes[-1] == (
        f"1 mask or limit constant clamped for {precision.upper()}: 'c' -3.40282e+38 -> {limit:.6g}"
    )
    feeds = {"s": np.float32(np.random.default_rng(0).standard_normal((1, 2, 4, 4)))}
    for mask in ([1, 1, 1, 0], [1, 0, 0, 0]):
        feeds["m"] = np.int64(mask).reshape(1, 1, 1, 4)
        (expected,) = run(model, feeds)
        (found,) = run(emulated(low), feeds)
        np.testing.assert_allclose(found, expected, atol=1e-2)
        np.testing.assert_array_equal(found == 0, expected == 0)


def stored(model: Model, name: str) -> float:
    """The one value of a constant as it is in the converted graph."""
    wide = {t.name: t for t in emulated(model, rounds=False).proto.graph.initializer}
    return float(numpy_helper.to_array(wide[name]).ravel()[0])


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_rows_that_are_masked_whole_stay_even(precision: str) -> None:
    """Softmax of a row of -infinity is NaN: two masks and the scores must not get there."""
    text = (
        f"{INVERTED} w = Mul (i, c) a = Add (s, w) d = Add (a, causal) p = Softmax <axis = -1> (d)"
    )
    model = graph(text, f", float[4,4] causal = {{{CAUSAL}}}")
    low = apply_precision(model, precision)
    scores = np.float32(np.random.default_rng(0).standard_normal((1, 2, 4, 4)))
    feeds = {"s": scores - 3, "m": np.zeros((1, 1, 1, 4), np.int64)}
    (found,) = run(emulated(low), feeds)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-2)
    np.testing.assert_allclose(found[..., 3, :], 0.25, atol=1e-2)


@pytest.mark.parametrize("form", ["value_float", "value_floats", "value", "ConstantOfShape", "f64"])
def test_every_form_of_a_constant(form: str) -> None:
    forms = {
        "value_float": f"k = Constant <value_float = {LOWEST}> ()",
        "value_floats": f"k = Constant <value_floats = [{LOWEST}]> ()",
        "value": f"k = Constant <value = float {{{LOWEST}}}> ()",
        "ConstantOfShape": "z = Constant <value_ints = [1]> ()"
        f" k = ConstantOfShape <value = float[1] {{{LOWEST}}}> (z)",
        "f64": f"d = Constant <value = double {{{LOWEST}}}> () k = Cast <to: int = 1> (d)",
    }
    text = f"{forms[form]} b = Cast <to: int = 9> (m) w = Where (b, s, k)"
    low = apply_precision(graph(f"{text} p = Softmax <axis = -1> (w)"), "fp16")
    name = "d" if form == "f64" else "k"
    assert low.notes[-1].endswith(f"clamped for FP16: '{name}' -3.40282e+38 -> -65504")
    mask = np.int64([1, 1, 0, 0]).reshape(1, 1, 1, 4)
    (found,) = run(emulated(low), {"s": np.zeros((1, 2, 4, 4), np.float32), "m": mask})
    np.testing.assert_array_equal(found[0, 0, 0], np.float32([0.5, 0.5, 0, 0]))


LIMITS = {
    "Clip": "p = Clip (s, , big)",
    "Max": "p = Max (s, c)",
    "Min": "p = Min (s, big)",
    "comparison": "l = Greater (s, c) p = Cast <to: int = 1> (l)",
}


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_that_limit_nothing(limit: str) -> None:
    model = graph(LIMITS[limit], ", float big = {3.4028235e38}")
    low = apply_precision(model, "fp16")
    assert re.search(r"'(c|big)' -?3\.40282e\+38 -> -?65504$", low.notes[-1])
    feeds = {"s": np.float32(np.random.default_rng(0).standard_normal((1, 2, 4, 4)))}
    feeds["m"] = np.ones((1, 1, 1, 4), np.int64)
    assert np.isfinite(run(emulated(low), feeds)[0]).all()


# What reads the number for its size, and what is advised.
WEIGHTS = {
    "also read by a MatMul": (
        "b = Cast <to: int = 9> (m) w = Where (b, s, k) q = Softmax <axis = -1> (w)"
        " h = MatMul (s, k) p = Add (q, h)",
        "use keep_fp32=['Where_1', 'Softmax_2', 'MatMul_3', 'Add_4'] and io_precision='fp32'",
    ),
    "a temperature, no mask": (
        "w = Mul (s, k) p = Softmax <axis = -1> (w)",
        "use keep_fp32=['Mul_0', 'Softmax_1']",
    ),
    "an output": (
        "b = Cast <to: int = 9> (m) p = Where (b, s, k)",
        "use keep_fp32=['Where_1'] and io_precision='fp32'",
    ),
    "a divisor": (
        "d = Div (s, k) p = Softmax <axis = -1> (d)",
        "use keep_fp32=['Div_0', 'Softmax_1']",
    ),
    "a product of learned values": (
        "x = MatMul (s, s) w = Mul (x, k) a = Add (w, s) p = Softmax <axis = -1> (a)",
        "use keep_fp32=['Mul_1', 'Add_2', 'Softmax_3']",
    ),
    "a bias": (
        "a = Add (s, k) p = Relu (a)",
        "use keep_fp32=['Add_0', 'Relu_1'] and io_precision='fp32'",
    ),
    "an amplified mask": (
        "b = Cast <to: int = 9> (m) w = Where (b, s, k) t = Constant <value_float = 100.> ()"
        " x = Mul (w, t) p = Softmax <axis = -1> (x)",
        "use keep_fp32=['Where_1', 'Mul_3', 'Softmax_4']",
    ),
}


@pytest.mark.parametrize("place", WEIGHTS)
def test_a_number_that_is_computed_with_is_refused_and_the_advice_works(place: str) -> None:
    nodes, advice = WEIGHTS[place]
    model = graph(nodes, ", float[4,4] k = {" + ", ".join(["-1e9"] * 16) + "}")
    with pytest.raises(PrecisionError) as error:
        apply_precision(model, "fp16")
    text = str(error.value)
    assert text.startswith("initializer 'k' of node '")
    assert text.endswith(f" holds -1e+09, which FP16 (at most 65504) cannot hold: {advice}")
    asked = advised(text)
    low = apply_precision(model, "fp16", keep_fp32=asked.keep_fp32, io_precision=asked.io_precision)
    feeds = {"s": np.float32(np.random.default_rng(0).standard_normal((1, 2, 4, 4)))}
    feeds["m"] = np.int64([1, 1, 0, 1]).reshape(1, 1, 1, 4)
    (expected,) = run(model, feeds)
    found = run_model(emulated(low), feeds, threads=1)["p"]
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, expected, rtol=2e-2, atol=2e-2 * np.abs(expected).max())


def test_a_table_of_different_large_values_is_data() -> None:
    """A bias by distance means its differences, which saturation would take away."""
    values = ", ".join(f"-{70000 + 1000 * i}" for i in range(16))
    text = "a = Add (s, k) p = Softmax <axis = -1> (a)"
    with pytest.raises(PrecisionError, match="'k' of node 'Add_0' holds -85000"):
        apply_precision(graph(text, f", float[4,4] k = {{{values}}}"), "fp16")


def test_values_that_fit_stay_unless_two_of_them_would_not() -> None:
    text = f"{INVERTED} w = Mul (i, k) a = Add (s, w) p = Softmax <axis = -1> (a)"
    low = apply_precision(graph(text, ", float k = {-10000}"), "fp16")
    assert (stored(low, "k"), len(low.notes)) == (-10000, 2)
    low = apply_precision(graph(text, ", float k = {-65504}"), "fp16")
    assert stored(low, "k") == -21824
    where = "b = Cast <to: int = 9> (m) w = Where (b, s, k) p = Softmax <axis = -1> (w)"
    low = apply_precision(graph(where, ", float k = {-65504}"), "fp16")
    assert stored(low, "k") == -65504


def test_infinite_masks_stay_infinite() -> None:
    proto = graph(
        "b = Cast <to: int = 9> (m) w = Where (b, s, c) p = Softmax <axis = -1> (w)"
    ).proto
    constant = next(tensor for tensor in proto.graph.initializer if tensor.name == "c")
    constant.CopyFrom(numpy_helper.from_array(np.float32(-np.inf), "c"))
    low = apply_precision(load_model(proto), "fp16")
    assert stored(low, "c") == -np.inf
    assert not any("masks" in note for note in low.notes)


def test_nan_weights_are_left_for_the_comparison_to_tell() -> None:
    proto = graph("a = Add (s, c) p = Relu (a)").proto
    constant = next(tensor for tensor in proto.graph.initializer if tensor.name == "c")
    constant.CopyFrom(numpy_helper.from_array(np.float32(np.nan), "c"))
    assert np.isnan(stored(apply_precision(load_model(proto), "fp16"), "c"))


def test_a_mask_whose_nodes_stay_in_fp32_is_left_alone() -> None:
    text = "b = Cast <to: int = 9> (m) w = Where (b, s, c) p = Softmax <axis = -1> (w)"
    kept = apply_precision(graph(text), "fp16", keep_fp32=["Where", "Softmax"])
    assert initializers_of(kept)["c"] == np.float32(LOWEST)
    half = apply_precision(graph(text), "fp16", keep_fp32=["Where"])
    assert initializers_of(half)["c"] == np.float32(-65504)


def test_a_mask_in_a_branch() -> None:
    text = """[if] w = If (t) <
      then_branch = yes () => (float[1,2,4,4] y) { b = Cast <to: int = 9> (m) y = Where (b, s, c) },
      else_branch = no () => (float[1,2,4,4] n) { n = Identity (s) }>
    p = Softmax <axis = -1> (w)"""
    low = apply_precision(graph(text, inputs=", bool t"), "fp16")
    assert low.notes[-1].endswith("'c' -3.40282e+38 -> -65504")
