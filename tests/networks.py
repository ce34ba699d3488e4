"""Networks that people deploy: graphs as PyTorch exports them, and results measured on an H200.

In the graphs, float weights of more than 1024 values are ConstantOfShape; their outputs mean
nothing. The results have the first 40 of 200 iterations.
"""

from __future__ import annotations

import gzip
from dataclasses import replace
from functools import cache

import numpy as np
import onnx
from paths import DATA

from trtcore.api.calls import build_model
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_nodes
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.records.build import Build
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import ModelRecord
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.result.saved import parse_profile
from trtcore.system.records import Environment

MEASURED = (
    "vit_b_16",
    "swin_t",
    "convnext_tiny",
    "mobilenet_v3_large",
    "resnet50",
    "t5_encoder",
)
WITH_GRAPHS = ("vit_b_16", "swin_t", "convnext_tiny", "mobilenet_v3_large", "resnet50")
"""Those of them that the graph is there of, too."""
BUILT = {
    "vit_b_16": "fp16",
    "convnext_tiny": "fp16",
    "mobilenet_v3_large": "fp16",
    "resnet50": "fp16",
    "resnet50_dynamo": "fp16",
    "resnet50_int8": "fp32",
    "resnet50_fp8": "fp32",
    "bert_base": "fp16",
    "swin_t": "fp16",
}
LONG = ("swin_t",)
"""Builds that take several seconds."""


def read_graph(name: str) -> onnx.ModelProto:
    """The ONNX graph of a network."""
    packed = DATA / "networks" / f"{name}.onnx.gz"
    return onnx.load_from_string(gzip.decompress(packed.read_bytes()))


@cache
def measured(name: str) -> Profile:
    """A result measured on an H200 with TensorRT-RTX 1.6.1 in FP16, batch 4, one stream.

    ``bert_base_memsets`` is BERT-base in FP16 at batch 1, with CUPTI. ``swin_t_changed`` is Swin-T
    in FP32 at batch 1, with CUPTI: every tenth of 250 iterations, without its model.
    ``bert_base`` was built only, by TensorRT-RTX 1.7.1 in FP32: each of its layers takes 2 us and 1
    us for each of its nodes.
    """
    packed = DATA / "networks" / f"{name}.json.gz"
    return parse_profile(gzip.decompress(packed.read_bytes()).decode())


@cache
def measured_with_work(name: str) -> Profile:
    """The same with the work of its nodes, which results of that time lack."""
    graph = load_model(read_graph(name), batch=4)
    work = {node.name: node.work for node in model_nodes(graph)}
    profile = measured(name)
    nodes = tuple(replace(node, work=work[node.name]) for node in profile.model.nodes)
    return replace(profile, model=replace(profile.model, nodes=nodes))


@cache
def loaded(name: str) -> Model:
    """A network as trtcore reads it; nobody changes a model."""
    return load_model(read_graph(name))


@cache
def build_of(name: str, precision: str) -> tuple[Build, EngineInformation]:
    """How TensorRT-RTX on this machine builds a network, and what it says of the engine.

    Once for all tests: seconds each. The plan itself, of up to 200 MB, is not kept.
    """
    plan = build_model(loaded(name), precision=precision)
    assert plan.information is not None
    return plan.build, plan.information


@cache
def built(name: str) -> Profile:
    """What TensorRT-RTX on this machine makes of a network, as if each layer took 1 ms."""
    model, precision = loaded(name), BUILT[name]
    _, engine = build_of(name, precision)
    return Profile(
        model=ModelRecord(name, "memory", nodes=model_nodes(model)),
        backend="tensorrt_rtx",
        precision=precision,
        batch=1,
        method="",
        io=engine.io,
        layers=engine.layers,
        samples=Samples(np.ones((1, len(engine.layers)), np.float32), np.empty(0, np.float32)),
        counts=Counts(1, 0, 1),
        environment=Environment("", "", "", "", "", ""),
    )
