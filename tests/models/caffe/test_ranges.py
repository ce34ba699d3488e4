"""A range of input shapes: taken where one graph holds for all of it, refused by node if not."""

from __future__ import annotations

import pytest
from enet_net import enet

from trtcore.errors import ModelError
from trtcore.models.load import load_model

CONV = """layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
"""
POOL = """layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
"""
FLAT = """layer { name: "flat" type: "Reshape" bottom: "conv" top: "flat"
  reshape_param { shape { dim: 0 dim: -1 } } }
"""


def sizes(model):
    return {
        one.name: tuple(dim.dim_value for dim in one.type.tensor_type.shape.dim)
        for one in (*model.proto.graph.input, *model.proto.graph.output)
    }


def test_range_of_the_batch(write_net):
    net = write_net(CONV + POOL, data=(1, 3, 9, 9))
    points = ((1, 3, 8, 8), (2, 3, 8, 8), (6, 3, 8, 8))
    model = load_model(net, shapes={"data": points})
    assert sizes(model) == {"data": (2, 3, 8, 8), "pool": (2, 4, 4, 4)}
    assert [one.dims for one in model.dynamic] == [("data_0", 3, 8, 8)]
    assert sizes(load_model(net, batch=5, shapes={"data": points}))["pool"] == (5, 4, 4, 4)


def test_range_of_the_batch_of_a_net_with_unpooling(tmp_path):
    net = tmp_path / "net.prototxt"
    net.write_text(enet(32, 48))
    points = ((1, 3, 32, 48), (2, 3, 32, 48), (4, 3, 32, 48))
    model = load_model(net, shapes={"data": points})
    assert sizes(model) == {"data": (2, 3, 32, 48), "fullconv": (2, 5, 32, 48)}


def test_range_of_sizes_that_change_no_node(write_net):
    net = write_net(CONV, data=(1, 3, 9, 9))
    model = load_model(net, shapes={"data": ((1, 3, 8, 8), (1, 3, 12, 12), (1, 3, 16, 16))})
    assert sizes(model) == {"data": (1, 3, 12, 12), "conv": (1, 4, 12, 12)}


@pytest.mark.parametrize(("layer", "name"), [(POOL, "pool"), (FLAT, "flat_shape")])
def test_range_of_sizes_that_change_a_node(write_net, layer, name):
    net = write_net(CONV + layer, data=(1, 3, 9, 9))
    points = ((1, 3, 8, 8), (1, 3, 9, 9), (1, 3, 16, 16))
    with pytest.raises(ModelError) as caught:
        load_model(net, shapes={"data": points})
    assert str(caught.value) == (
        f"{net}: {name!r} depends on the size of the inputs, so that one engine does not hold for "
        f"all of shapes={{'data': {points}}}: give one size"
    )
