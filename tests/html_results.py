"""Results for tests of HTML pages: hostile names, many layers, almost nothing; a page in parts."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
from hand_made_profiles import chain, make_profile
from networks import measured, read_graph

from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_nodes
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer, ModelRecord, TensorInfo
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples

HOSTILE = "</script><img src=x onerror=\"document.title='broken'\"><b>&amp;\u2028'\"`{{7*7}}"


class Parsed(HTMLParser):
    """Tags, attributes and texts; a text in a script is data."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def ids(self) -> list[str]:
        return [attrs["id"] or "" for _, attrs in self.tags if "id" in attrs]


def hostile() -> Profile:
    """A result whose every name is an attack."""
    node = f"block/{HOSTILE}"
    tensor = TensorInfo(HOSTILE, (1, 2), HOSTILE, HOSTILE)
    layers = [
        Layer(f"{HOSTILE}{i}", HOSTILE, (f"{node}{i}",), HOSTILE, 0, (tensor,), (tensor,))
        for i in range(4)
    ]
    nodes = chain(*(f"{node}{i}" for i in range(4)), op=HOSTILE)
    rng = np.random.default_rng(0)
    times = rng.uniform(0.1, 0.2, (30, 4))
    profile = make_profile(layers, times, nodes)
    model = ModelRecord(HOSTILE, HOSTILE, HOSTILE, nodes, (HOSTILE,))
    samples = replace(profile.samples, wall_ms=times.sum(axis=1).astype(np.float32))
    return replace(profile, model=model, precision=HOSTILE, samples=samples)


def with_cost(name: str) -> Profile:
    """A measured network with the work of its nodes, and peaks as they could be given."""
    profile = measured(name)
    nodes = model_nodes(load_model(read_graph(name), batch=profile.batch))
    peaks = parse_peaks("fp16=750,fp32=60,bandwidth=4200")
    return replace(profile, model=replace(profile.model, nodes=nodes), peaks=peaks)


def large(layers: int, iterations: int) -> Profile:
    """A transformer's worth of layers, with the lengths of names that exporters give."""
    names = [
        f"/encoder/layers/encoder_layer_{i // 12}/self_attention/{_OPS[i % 12]}_{i}"
        for i in range(layers)
    ]
    nodes = chain(*names, op="MatMul")
    made = [
        Layer(
            f"__myl_ReshTranMulAdd_myl0_{i}",
            "kgen",
            (name,),
            f"__myl_ReshTranMulAdd_0x{i:032x}",
            0,
            (TensorInfo(f"{name}_in", (4, 197, 768), "Half"),),
            (TensorInfo(f"{name}_out", (4, 197, 768), "Half"),),
        )
        for i, name in enumerate(names)
    ]
    rng = np.random.default_rng(0)
    times = 0.002 + rng.gamma(2, 0.004, layers) + rng.normal(0, 1e-4, (iterations, layers))
    times = np.abs(times).astype(np.float32)
    total = times.sum(axis=1)
    return make_profile(
        made, times, nodes, samples=Samples(times, total), counts=Counts(iterations, 10, iterations)
    )


def bare() -> Profile:
    """A plan that was only read: no times, nodes, kinds, tensors, build or machine."""
    layers = [Layer("(Unnamed Layer* 0)"), Layer("(Unnamed Layer* 1)")]
    empty = Samples(np.empty((0, 2), np.float32), np.empty(0, np.float32))
    return make_profile(
        layers, [[0, 0]], samples=empty, io=(), batch=0, precision="", counts=Counts(0, 0, 0)
    )


_OPS = (
    "MatMul",
    "Add",
    "Softmax",
    "Mul",
    "Reshape",
    "Transpose",
    "Gemm",
    "Div",
    "Erf",
    "Concat",
    "Split",
    "Where",
)
