"""What `trtcore inspect` prints, compared in full."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from paths import DATA

from trtcore.report.content.facts.facts import engine_text
from trtcore.report.terminal.engine import render_inspection, render_plan
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.records.build import Build, EngineMemory
from trtcore.result.records.layers import Layer, ModelNode, ModelRecord
from trtcore.result.records.samples import Samples

BUILD = Build("TensorRT-RTX 1.7.1", 0.85, 5_000_000, 66, 2)

SAVED = """\
Input data (4, 3, 224, 224) Half linear
Output prob (4, 1000) Half linear

#  Layer                                                                                              Kind         Stream  Inputs                   Outputs                    Tactic
0  conv1/7x7_s2 + conv1/relu_7x7 [MoveConc]                                                           kgen         0       Half linear 4x3x224x224                             __myl_MoveConc_0xc074
1  conv1/7x7_s2 + conv1/relu_7x7 [correlation]                                                        correlation  0                                Half nhwc 4x64x112x112     __myelin_CASK_STUB
4  inception_3a/3x3_reduce + inception_3a/relu_3x3_reduce + inception_3a/3x3 + inception_3a/relu_3x3  correlation  1
5  __myl_Move_myl0_5                                                                                  kgen         0
and 2 stream sync layers
"""  # noqa: E501


def test_saved_result(gpu_profile):
    tensors, layers, facts = render_inspection(gpu_profile).split("\n\n")
    assert _columns(tensors + "\n\n" + layers + "\n") == _columns(SAVED)
    assert facts.startswith("Model: googlenet (built-in), 2 nodes, weights He-normal, seed 0,")
    assert "\nEngine: built in 1.2 s by TensorRT-RTX 1.6.1, 14.1 MB, 6 layers," in facts


def test_every_node_without_a_layer_is_named(gpu_profile):
    nodes = (
        ModelNode("seven", "Constant", (), ("k",)),
        ModelNode("conv", "Conv", ("data", "k"), ("c",)),
        *(ModelNode(f"drop{i}", "Dropout", ("c",), (f"d{i}",)) for i in range(5)),
        ModelNode("lost", "Relu", ("c",), ("prob",)),
    )
    profile = replace(
        gpu_profile,
        model=ModelRecord("net", "net.onnx", nodes=nodes),
        layers=(Layer("k", "conv", ("conv",)),),
        samples=Samples(np.ones((1, 1), np.float32), np.ones(1, np.float32)),
    )
    assert render_inspection(profile).endswith(
        "\nFolded into constants (constant): seven\n"
        "Eliminated (no output needs it): drop0, drop1, drop2, drop3, drop4\n"
        "Unknown (several layers could run it): lost"
    )


def test_plan():
    information = parse_engine_information(
        (DATA / "inspector_squeezenet_fp32_oneline.txt").read_text(encoding="utf-8")
    )
    text = render_plan(BUILD, information)
    tensors, layers, engine = text.split("\n\n")
    assert tensors == "Input data_0 (1, 3, 224, 224) Float linear\n" + (
        "Output softmaxout_1 (1, 1000, 1, 1) Float linear"
    )
    lines = layers.split("\n")
    assert lines[2].split(maxsplit=6)[:6] == ["1", "n0", "+", "n1", "correlation", "0"]
    assert "Float nhwc 1x3x224x224" in lines[2]
    assert "Float nhwc 1x64x111x111" in lines[2]
    assert lines[-1] == "and 32 stream sync layers"
    assert len(lines) == 1 + 34 + 1
    assert engine == (
        "Engine: built in 0.8 s by TensorRT-RTX 1.7.1, 5.0 MB, 66 layers, 2 auxiliary streams, "
        "verbosity DETAILED"
    )


def test_plan_without_layers():
    information = parse_engine_information({"Layers": ["a + b"], "Bindings": ["x"]})
    assert render_plan(BUILD, information, with_layers=False) == (
        "Input x\n\n"
        "Built with profiling verbosity LAYER_NAMES_ONLY: no model nodes, formats or tactics; "
        "rebuild with DETAILED to see them.\n\n"
        "Engine: built in 0.8 s by TensorRT-RTX 1.7.1, 5.0 MB, 66 layers, 2 auxiliary streams, "
        "verbosity DETAILED"
    )


def test_plan_that_tensorrt_told_nothing_about():
    assert render_plan(Build("TensorRT 10.16", 0.0, 1_000_000, verbosity="NONE"), None) == (
        "Engine: loaded by TensorRT 10.16, 1.0 MB, verbosity NONE\n\n"
        "the engine inspector reported nothing about it"
    )


@pytest.mark.parametrize(
    ("memory", "text"),
    [
        (EngineMemory(), ""),
        (EngineMemory(12_300_000), ", 12.3 MB of device memory a context"),
        (EngineMemory(0, 90_000_000, 0), ", weight streaming: budget 0.0 MB of 90.0 MB"),
        (EngineMemory(0, 90_000_000), ", weight streaming: budget unknown of 90.0 MB"),
        # A budget above their size turns weight streaming off.
        (EngineMemory(0, 90_000_000, 95_000_000), ", weight streaming: budget 90.0 MB of 90.0 MB"),
        (
            EngineMemory(stripped_weights_bytes=4_000_000),
            ", 4.0 MB of weights stripped, outputs are wrong until it is refitted",
        ),
    ],
)
def test_memory_of_a_loaded_plan(memory: EngineMemory, text: str):
    build = Build("TensorRT 11.4", 0.0, 1_000_000, 3, memory=memory)
    known = "loaded by TensorRT 11.4, 1.0 MB, 3 layers, verbosity DETAILED"
    assert engine_text(build) == known + text


def test_a_plan_for_other_gpus_too():
    build = Build("TensorRT 11.4", 0.0, 1_000_000, hardware_compatibility="AMPERE_PLUS")
    assert engine_text(build) == (
        "loaded by TensorRT 11.4, 1.0 MB, verbosity DETAILED, hardware compatibility AMPERE_PLUS"
    )


def _columns(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]
