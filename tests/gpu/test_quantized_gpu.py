"""Quantized engines on a GPU: what they compute in, what quantizing costs, tensors of 8 bits."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from networks import read_graph
from onnx import helper, parser
from quantized_models import CONVOLUTIONS, ENCODER, quantized

import trtcore
from trtcore.errors import BuildError
from trtcore.report.content.facts.precision import compared_text
from trtcore.report.content.facts.quantization import quantization_facts
from trtcore.result.analysis.quantization import find_quantization
from trtcore.result.types.layer_types import layer_dtype, multiplies

pytestmark = pytest.mark.gpu


def test_an_fp8_resnet_tells_its_quantization_time() -> None:
    profile = trtcore.profile_model(read_graph("resnet50_fp8"), serial=True, iterations=200)
    found = find_quantization(profile.layers, profile.model.nodes)
    assert found is not None
    rows = trtcore.Analysis(profile).rows
    parts = [sum(rows[i].share for i in places) for places in (found.computes, found.fused)]
    assert all(part > 0.05 for part in parts)
    products = [layer_dtype(layer) for layer in profile.layers if multiplies(layer)]
    assert products.count("FP8") > 0.9 * len(products)
    facts = dict(quantization_facts(trtcore.Analysis(profile)))
    assert facts["Quantized"].endswith("of time")
    assert "/conv1/Conv" in facts["Stayed in FP32"]


@pytest.mark.usefixtures("short_warm_up")
@pytest.mark.parametrize("text", [CONVOLUTIONS, ENCODER], ids=["image", "encoder"])
def test_fp8_is_near_the_same_model_without_it(text: str) -> None:
    proto = quantized(text, "fp8", stored=True)
    profile = trtcore.profile_model(proto, iterations=50, accuracy=True)
    assert profile.accuracy is not None
    assert profile.accuracy.inseparable == ""
    # FP8 has three bits of mantissa: single values are within 6 %, sums are nearer. ONNX Runtime
    # gives 0.026 and 0.021 for the same Q/DQ graphs.
    assert 1e-4 < profile.accuracy.relative_l2 < 0.1
    assert "without its " in compared_text(profile.accuracy)


def through_relu(kind: str) -> onnx.ModelProto:
    """Dequantizes its input, takes the positive part, and quantizes that in the same way."""
    proto = parser.parse_model(
        f'<ir_version: 9, opset_import: ["" : 19]> n ({kind}[2,16,8,8] x) => ({kind}[2,16,8,8] y)'
        " <float s = {0.5}> { [d] a = DequantizeLinear (x, s, z) [relu] b = Relu (a)"
        " [q] y = QuantizeLinear (b, s, z) }"
    )
    elem_type = proto.graph.input[0].type.tensor_type.elem_type
    proto.graph.initializer.append(helper.make_tensor("z", elem_type, [], [0]))
    return proto


@pytest.mark.usefixtures("short_warm_up")
@pytest.mark.parametrize(("kind", "word"), [("float8e4m3fn", "FP8"), ("int8", "Int8")])
def test_inputs_and_outputs_of_8_bits_bind(kind: str, word: str) -> None:
    """What comes out of an engine that hands its input on, through a Relu, is what went in."""
    proto = through_relu(kind)
    try:
        plan = trtcore.build_model(proto)
    except BuildError as error:
        pytest.skip(f"this TensorRT does not build it: {error}")
    from trtcore.engine.choice import choose_backend
    from trtcore.measure.engine_runs.engines import run_engine
    from trtcore.measure.engine_runs.records import RunOptions
    from trtcore.measure.engine_runs.rounds import RunLength
    from trtcore.models.inputs import make_inputs
    from trtcore.models.onnx.graph import model_inputs
    from trtcore.system.clocks import ClockMonitor

    bindings = choose_backend("auto").bindings
    assert bindings is not None
    with ClockMonitor() as monitor:
        ran = run_engine(bindings, plan.content, "plan", RunOptions(RunLength(3)), monitor)
    assert {tensor.dtype for tensor in ran.io} == {word}
    x = make_inputs(model_inputs(plan.model), "random", 0)["x"]
    np.testing.assert_array_equal(ran.outputs["y"], np.maximum(x, 0))
