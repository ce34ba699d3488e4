"""FP16 and BF16 of transformers through the real builder: the engine is what was asked for."""

from __future__ import annotations

import functools

import pytest
from paths import DATA
from transformer_models import CASES

from trtcore.engine.build import build_engine
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.builder import BuildOptions
from trtcore.models.load import load_model
from trtcore.precision.request import Precision, PrecisionRequest

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

WORDS = {"fp16": "Half", "bf16": "BFloat16"}
# Exported by PyTorch, their large weights filled by the graph itself.
EXPORTED = [
    (name, precision)
    for name in ("bert_base", "vit_b_16", "convnext_tiny", "swin_t")
    for precision in WORDS
    # Its 3,000 nodes take 20 s to build; the small one of its kind is built in both.
    if (name, precision) != ("swin_t", "bf16")
]


@functools.cache
def bindings() -> Bindings:
    return load_bindings("tensorrt_rtx")


@pytest.mark.parametrize("precision", WORDS)
@pytest.mark.parametrize("name", CASES)
def test_small_models_of_every_style(name: str, precision: str) -> None:
    request = PrecisionRequest(Precision(precision))
    plan = build_engine(bindings(), CASES[name].model(), request, BuildOptions())
    assert plan.build.precision_verdict == "met"
    allowed = ("LayerNormalization", "Softmax", "ReduceMean", "Pow", "Add")
    for island in plan.build.islands:
        assert any(kind in node for node in island.nodes for kind in allowed), island


@pytest.mark.parametrize(("name", "precision"), EXPORTED)
def test_exported_models(name: str, precision: str) -> None:
    model = load_model(DATA / "graphs" / f"{name}.onnx")
    request = PrecisionRequest(Precision(precision))
    plan = build_engine(bindings(), model, request, BuildOptions())
    assert plan.build.precision_verdict == "met"
    assert f"layers {WORDS[precision]}" in plan.build.precision
