"""FP16 and BF16 of transformers through the real builder: the engine has what was requested."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from networks import build_of
from onnx import parser
from precision_models import advised, run
from transformer_models import CASES

from trtcore.engine.build import build_engine
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.builder import BuildOptions
from trtcore.errors import PrecisionError
from trtcore.models.load import load_model
from trtcore.precision.accuracy.emulation import emulated
from trtcore.precision.request import Precision, PrecisionRequest
from trtcore.report.content.facts.precision import precision_line
from trtcore.result.records.build import PrecisionVerdict

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

WORDS = {"fp16": "Half", "bf16": "BFloat16"}
# Exported by PyTorch, their large weights filled by the graph itself. In `make test` one is built
# in BF16, and those in FP16 that other tests build too; Swin's 3,000 nodes take 8 s, in BF16 20 s.
EXPORTED = [
    pytest.param(name, precision, marks=() if is_quick else pytest.mark.slow)
    for name, precision, is_quick in (
        ("bert_base", "fp16", True),
        ("bert_base", "bf16", False),
        ("vit_b_16", "fp16", True),
        ("vit_b_16", "bf16", True),
        ("convnext_tiny", "fp16", True),
        ("convnext_tiny", "bf16", False),
        ("swin_t", "fp16", False),
    )
]


@functools.cache
def bindings() -> Bindings:
    return load_bindings("tensorrt_rtx")


@pytest.mark.parametrize("precision", WORDS)
@pytest.mark.parametrize("name", CASES)
def test_small_models_of_every_style(name: str, precision: str) -> None:
    request = PrecisionRequest(Precision(precision))
    plan = build_engine(bindings(), CASES[name].model(), request, BuildOptions())
    assert plan.build.precision is not None
    assert plan.build.precision.verdict is PrecisionVerdict.MET
    allowed = ("LayerNormalization", "Softmax", "ReduceMean", "Pow", "Add")
    for fallback in plan.build.precision.fallbacks:
        assert any(kind in node for node in fallback.nodes for kind in allowed), fallback


@pytest.mark.parametrize(("name", "precision"), EXPORTED)
def test_exported_models(name: str, precision: str) -> None:
    build, _ = build_of(name, precision)
    assert build.precision is not None
    assert build.precision.verdict is PrecisionVerdict.MET
    assert f"layers {WORDS[precision]}" in precision_line(build.precision)


# A weight that FP16 cannot hold: in two nodes, and in front of a network of more than 12.
FEW = "[big] h = Mul (x, w) [squash] y = Sigmoid (h)"
MANY = "h0 = Mul (x, w) " + " ".join(f"h{i + 1} = Abs (h{i})" for i in range(13)) + " y = Abs (h13)"


@pytest.mark.parametrize(
    ("nodes", "advice"),
    [
        (FEW, "use keep_fp32=['big', 'squash']"),
        (MANY, "use precision='bf16', which also holds the values computed from it"),
    ],
)
def test_the_advice_about_a_large_weight_builds_and_gives_finite_values(
    nodes: str, advice: str
) -> None:
    text = '<ir_version: 8, opset_import: ["" : 17]> g (float[8] x) => (float[8] y)'
    text += f" <float[8] w = {{1e6, 1, 1, 1, 1, 1, 1, -1e6}}> {{ {nodes} }}"
    model = load_model(parser.parse_model(text))
    with pytest.raises(PrecisionError) as error:
        build_engine(bindings(), model, PrecisionRequest(Precision.FP16), BuildOptions())
    assert str(error.value).endswith(f"(at most 65504) cannot hold: {advice}")
    plan = build_engine(bindings(), model, advised(str(error.value)), BuildOptions())
    assert plan.build.precision is not None
    assert plan.build.precision.verdict is PrecisionVerdict.MET
    (found,) = run(emulated(plan.model), {"x": np.linspace(-1, 1, 8, dtype=np.float32)})
    assert np.isfinite(found).all()
