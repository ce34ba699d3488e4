"""What a result keeps of the inputs."""

from __future__ import annotations

import numpy as np

from trtcore.models.described import describe_inputs
from trtcore.models.inputs import InputRole, Kind
from trtcore.result.records.input_values import InputValues


def test_source_meaning_and_range() -> None:
    arrays = {
        "ids": np.arange(12).reshape(2, 6),
        "mask": np.array([True, False]),
        "x": np.array([-1.5, 2.0], np.float32),
        "shape": np.array([3, -1]),
        "nothing": np.zeros((0, 3), np.float32),
    }
    roles = {"ids": InputRole(Kind.TOKENS, 30522), "shape": InputRole(Kind.SHAPE, 0, (3, -1))}
    source = {"ids": "randint(0,12)", "mask": arrays["mask"], "*": "in.npz"}
    assert describe_inputs(arrays, source, roles) == (
        InputValues("ids", "randint(0,12)", "token ids", 0, 11),
        InputValues("mask", "array", "", 0, 1),
        InputValues("x", "in.npz", "", -1.5, 2.0),
        InputValues("shape", "in.npz", "a shape", -1, 3, (3, -1)),
        InputValues("nothing", "in.npz"),
    )
    assert describe_inputs({"x": arrays["x"]}, "random", {}) == (
        InputValues("x", "random", "", -1.5, 2.0),
    )
