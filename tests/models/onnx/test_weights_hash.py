"""The hash of a model's weights: of values, types and shapes, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from sweep_cells import write_net

from trtcore.models.onnx.weights_hash import weights_hash


def hashed(path: Path, change=lambda proto: None) -> str:
    proto = onnx.load(write_net(path))
    change(proto)
    return weights_hash(proto)


def set_weights(values, name: str = "w"):
    def change(proto) -> None:
        proto.graph.initializer[0].CopyFrom(numpy_helper.from_array(values, name))

    return change


def as_floats(proto) -> None:
    """The same values in the other form that a tensor may have."""
    tensor = proto.graph.initializer[0]
    values = numpy_helper.to_array(tensor).ravel()
    tensor.ClearField("raw_data")
    tensor.float_data.extend(float(one) for one in values)


def test_values_types_and_shapes_count_and_names_do_not(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    own, ones = hashed(path), np.ones((4, 3, 3, 3), np.float32)
    assert hashed(path, set_weights(ones, "another name")) == own
    others = [
        hashed(path, set_weights(ones * 1.5)),
        hashed(path, set_weights(ones.astype(np.float16))),
        hashed(path, set_weights(ones.reshape(3, 4, 3, 3))),
        hashed(path, as_floats),
    ]
    assert len({own, *others}) == 5
    assert hashed(path, as_floats) == others[-1]
    assert hashed(path, lambda proto: proto.graph.ClearField("initializer")) == ""
