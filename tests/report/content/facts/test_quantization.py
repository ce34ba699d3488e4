"""What a report says of a quantized engine, with times and without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made_profiles import make_profile

from trtcore.report.content.facts.quantization import facts_of_layers, quantization_facts
from trtcore.report.terminal.engine import render_inspection
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import Layer, ModelNode, TensorInfo
from trtcore.result.records.profile import Profile


def layer(kind: str, reads: str, writes: str, *nodes: str, constants: str = "Float") -> Layer:
    return Layer(
        f"{nodes[-1]}_{kind}",
        kind,
        nodes,
        inputs=tuple(TensorInfo("i", (1,), word) for word in reads.split()),
        outputs=tuple(TensorInfo("o", (1,), word) for word in writes.split()),
        constant_types=tuple(constants.split()),
    )


OPERATORS = {
    "q1": "QuantizeLinear",
    "d1": "DequantizeLinear",
    "conv1": "Conv",
    "relu": "Relu",
    "q2": "QuantizeLinear",
    "conv2": "Conv",
    "fc": "Gemm",
    "soft": "Softmax",
    "cast": "Cast",
}
NODES = tuple(ModelNode(name, op, (), ()) for name, op in OPERATORS.items())
LAYERS = (
    layer("kgen", "Float", "Int8", "q1"),
    layer("correlation", "Int8", "Float", "d1", "conv1", constants="Int8 Float"),
    layer("kgen", "Float", "Int8", "relu", "q2"),
    layer("correlation", "Int8 Int8", "Half", "conv2"),
    layer("kgen", "Half", "Float", "soft"),
    layer("gemm", "Float", "Float", "fc"),
    layer("kgen", "Half", "Half", "cast"),
)
MS = (0.1, 0.4, 0.1, 0.2, 0.05, 0.1, 0.05)
# The product first, though the Softmax before it takes no less in all.
TEXTS = {
    "Quantized": "2 in INT8, 1 in FP32 of 3 layers that multiply; of all layers 2 in INT8, "
    "0.6000 ms, 60.0% of time",
    "Quantization": "1 kernel only quantize or dequantize, 0.1000 ms, 10.0% of time; 1 more do it "
    "beside Relu, 0.1000 ms, 10.0% of time",
    "Stayed in FP32": "2 layers, 0.1500 ms, 15.0% of time: fc 0.1000 ms, soft 0.0500 ms",
    "Stayed in FP16": "1 layer, 0.0500 ms, 5.0% of time: cast 0.0500 ms",
}


def profile(**changes: object) -> Profile:
    return make_profile(LAYERS, [MS], NODES, backend="tensorrt_rtx", **changes)


def test_each_part_has_its_time() -> None:
    assert dict(quantization_facts(Analysis(profile()))) == TEXTS
    text = render_table(profile())
    for label, words in TEXTS.items():
        assert f"{label} " in text
        assert words.split(":")[0] in " ".join(text.split())


def test_without_times_there_are_counts() -> None:
    facts = facts_of_layers(LAYERS, NODES)
    assert dict(facts) == {
        "Quantized": "2 in INT8, 1 in FP32 of 3 layers that multiply; of all layers 2 in INT8",
        "Quantization": "1 kernel only quantize or dequantize; 1 more do it beside Relu",
        "Stayed in FP32": "2 layers: fc, soft",
        "Stayed in FP16": "1 layer: cast",
    }
    for label, words in facts:
        assert f"{label}: {words}\n" in render_inspection(profile())


def test_a_plan_does_not_tell_what_is_beside() -> None:
    assert dict(facts_of_layers(LAYERS, ()))["Quantization"] == (
        "0 kernels only quantize or dequantize; 2 more do it beside work that the plan does not "
        "tell"
    )


@pytest.mark.parametrize("backend", ["onnxruntime", "tensorrt"])
def test_nothing_is_said_of_what_is_not_quantized(backend: str) -> None:
    plain = tuple(replace(one, constant_types=()) for one in (LAYERS[5],) * 2)
    assert quantization_facts(Analysis(make_profile(plain, [[1, 2]], NODES, backend=backend))) == ()
    if backend == "onnxruntime":
        assert quantization_facts(Analysis(replace(profile(), backend=backend))) == ()


def test_a_run_without_iterations_has_no_times() -> None:
    whole = profile()
    empty = replace(
        whole,
        samples=replace(whole.samples, layer_ms=np.empty((0, len(LAYERS)), np.float32)),
        counts=replace(whole.counts, measured=0),
    )
    assert quantization_facts(Analysis(empty)) == facts_of_layers(LAYERS, NODES)
