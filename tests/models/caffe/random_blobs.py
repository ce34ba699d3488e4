"""Weights of a whole net, in the shapes that its import without weights has."""

from __future__ import annotations

import numpy as np

from trtcore.models.caffe.files.prototxt import read_prototxt
from trtcore.models.caffe.importer import load_caffe
from trtcore.models.caffe.net import assemble


def random_blobs(prototxt):
    """Blobs by layer: He-scaled weights, BatchNorm and Scale not neutral."""
    rng = np.random.default_rng(5)
    initializers = load_caffe(prototxt, batch=1).proto.graph.initializer
    sizes = {each.name: tuple(each.dims) for each in initializers}
    layers = assemble(read_prototxt(prototxt)).layers
    drawn = {layer.name: _drawn(rng, layer, sizes) for layer in layers}
    return {name: arrays for name, arrays in drawn.items() if arrays}


def _drawn(rng, layer, sizes):
    name = layer.name
    if f"{name}_w" in sizes:
        shape = sizes[f"{name}_w"]
        weights = rng.standard_normal(shape, np.float32) * np.sqrt(2 / np.prod(shape[1:]))
        bias = sizes.get(f"{name}_b")
        return [weights, *([rng.standard_normal(bias) / 10] if bias else [])]
    if layer.type == "BatchNorm":
        count = sizes[f"{name}_mean"]
        return [rng.standard_normal(count), 1 + rng.random(count), np.array([3.5])]
    if layer.type in ("Scale", "BN"):
        count = sizes[f"{name}_scale"][:1]
        return [0.3 + rng.random(count) / 2, rng.standard_normal(count) / 10]
    if layer.type == "PReLU":
        return [rng.random(sizes[f"{name}_slope"][:1])]
    if layer.type == "Normalize":
        return [10 + rng.random(sizes[f"{name}_scale"][:1])]
    return []
