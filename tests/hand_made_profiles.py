"""Small profiles by hand, and what every comparison of two has to fulfil."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trtcore.compare.comparison import Comparison
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import IOTensor, ModelNode, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.system.records import Environment

X = IOTensor("x", (1,), "Half")


def chain(*names: str, op: str = "Conv") -> tuple[ModelNode, ...]:
    sources = ["x", *names]
    return tuple(
        ModelNode(name, op, (source,), (name,))
        for name, source in zip(names, sources, strict=False)
    )


def make_profile(layers, layer_ms, nodes=(), **changes) -> Profile:
    times = np.atleast_2d(np.asarray(layer_ms, dtype=np.float32))
    profile = Profile(
        model=ModelRecord("net", "net.onnx", nodes=tuple(nodes)),
        backend="tensorrt",
        precision="fp16",
        batch=1,
        method=Method(note="by hand"),
        io=(X,),
        layers=tuple(layers),
        samples=Samples(times, np.empty(0, np.float32)),
        counts=Counts(1, 0, 1),
        environment=Environment("", "", "", "", "", ""),
    )
    return replace(profile, **changes)


def figures(comparison: Comparison) -> list[tuple[str, float, float, str]]:
    return [
        (row.name, round(row.base_ms, 4), round(row.new_ms, 4), row.kind) for row in comparison.rows
    ]


def check_sums(comparison: Comparison) -> None:
    """Nothing is left out: rows and rest add up to the time over all layers, on both sides."""
    for side in ("base_ms", "new_ms"):
        parts = (*comparison.rows, comparison.rest)
        total = sum(getattr(part, side) for part in parts)
        assert total == pytest.approx(getattr(comparison.layers, side), rel=1e-6)
