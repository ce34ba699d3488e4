"""Profiles with random samples, of any number of layers and iterations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import IOTensor, Layer, ModelNode, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.stats.histogram import fold
from trtcore.system.records import Environment


def layer_times(iterations: int, layers: int, seed: int = 0) -> NDArray[np.float32]:
    """Returns (N, L) times: 1 us to 1 ms, 4 % noise, one in 250 three times as long."""
    rng = np.random.default_rng(seed)
    levels = np.geomspace(0.001, 1.0, layers, dtype=np.float32)
    times = np.empty((iterations, layers), np.float32)
    for start in range(0, iterations, 10_000):
        part = times[start : start + 10_000]
        rng.standard_normal(dtype=np.float32, out=part)
        part *= np.float32(0.04)
        np.exp(part, out=part)
        part *= levels
        part[rng.random(part.shape, dtype=np.float32) < 0.004] *= np.float32(3)
    return times


def chain_nodes(count: int) -> tuple[ModelNode, ...]:
    """Returns the nodes of a chain of convolutions and activations."""
    return tuple(
        ModelNode(
            f"block{i // 10}/node{i}",
            ("Conv", "Relu")[i % 2],
            (f"t{i - 1}" if i else "x",),
            (f"t{i}",),
        )
        for i in range(count)
    )


def chain_profile(samples: Samples, nodes: int = 0) -> Profile:
    """Returns a profile of a chain in which each layer is two nodes, or as many as there are."""
    layers = samples.layer_ms.shape[1]
    model = chain_nodes(nodes or 2 * layers)
    share = max(len(model) // layers, 1)
    return Profile(
        model=ModelRecord("chain", "chain.onnx", nodes=model),
        backend="tensorrt_rtx",
        precision="fp16",
        batch=1,
        method=Method(note="random times"),
        io=(
            IOTensor("x", (1, 8, 16, 16), "Half", "linear", "input"),
            IOTensor(f"t{len(model) - 1}", (1, 8, 16, 16), "Half", "linear", "output"),
        ),
        layers=tuple(
            Layer(
                " + ".join(node.name for node in model[i * share : (i + 1) * share]),
                "kgen",
                tuple(node.name for node in model[i * share : (i + 1) * share]),
                stream=0,
            )
            for i in range(layers)
        ),
        samples=samples,
        counts=Counts(len(samples.layer_ms), 64, len(samples.layer_ms)),
        environment=Environment("", "", "", "", "", "a GPU"),
    )


def streamed(profile: Profile) -> Profile:
    """Returns the profile with the layer times that a streamed run would keep."""
    samples = profile.samples
    kept = replace(
        samples, layer_ms=samples.layer_ms[-1024:], layer_histograms=fold(samples.layer_ms)
    )
    return replace(profile, samples=kept)


def random_profile(iterations: int, layers: int, seed: int = 0) -> Profile:
    """Returns a profile that keeps every time."""
    layer_ms = layer_times(iterations, layers, seed)
    wall_ms = layer_times(iterations, 1, seed + 1)[:, 0]
    return chain_profile(Samples(layer_ms, wall_ms, wall_ms / 4, wall_ms))
