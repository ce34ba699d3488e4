"""Which layers have results of others from these themselves."""

from __future__ import annotations

import pytest

from trtcore.result.analysis.fusion.layer_flow import LayerFlow
from trtcore.result.records.layers import Layer, TensorInfo


def flow(*layers: str) -> LayerFlow:
    """Layers as ``read, read > written``."""
    sides = [line.split(" > ") for line in layers]
    tensors = [
        [tuple(TensorInfo(t, (1,), "Half") for t in side.split(", ") if t) for side in one]
        for one in sides
    ]
    return LayerFlow([Layer("", "", inputs=read, outputs=out) for read, out in tensors])


@pytest.mark.parametrize(
    ("layers", "is_direct"),
    [
        (("x > a", "a > y"), True),
        (("x > a", "x > b", "a, b > y"), True),
        (("x > a", "a > b", "a, b > y"), False),
        (("x > a", "a > b", "b > c", "a, c > y"), False),
        (("x > a", "x > b", "b > y"), False),
        (("x > a", "x > a", "a > y"), False),  # the name of the first one is used again
        (("x > a", "a > y", " > a", "a > z"), False),
        (("x > a", "x, w > y"), False),
    ],
)
def test_the_last_layer_and_the_first(layers: tuple[str, ...], is_direct: bool) -> None:
    assert flow(*layers).reads_directly(len(layers) - 1, [0]) is is_direct


def test_several_makers_may_read_each_other() -> None:
    assert flow("x > a", "a > b", "a, b > y").reads_directly(2, [0, 1])
    assert not flow("x > a", "a > b", "b > c", "b, c > y").reads_directly(3, [0, 1])
