"""Weights that do not fit a net, or memory."""

from __future__ import annotations

import numpy as np
import pytest
from caffemodel_writer import caffemodel
from net_text import conv, layer

from trtcore.errors import ModelError
from trtcore.models.caffe.importer import load_caffe

CONV = layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }")


@pytest.mark.parametrize(
    ("layers", "problem"),
    [
        (
            {"it": [np.ones((4, 3, 5, 5)), np.ones(4)]},
            "has 4x3x5x5 for it, the net expects 4x3x3x3 as blob 0",
        ),
        (
            {"it": [np.ones((4, 3, 3, 3)), np.ones((1, 4))]},
            "has 1x4 for it, the net expects 4 as blob 1",
        ),
        ({"it": [np.ones((4, 3, 3, 3))]}, "has 1 blobs for it, the net expects 4 as blob 1"),
        (
            {"it": [np.ones((4, 3, 3, 3)), np.ones(4), np.ones(4)]},
            "has 3 blobs for it, the net expects 2",
        ),
        ({"other": [np.ones(4)]}, "has no blobs for it, the net expects 4x3x3x3 as blob 0"),
    ],
)
def test_weights_that_do_not_fit(write_net, tmp_path, layers, problem):
    net, weights = write_net(CONV, data=(1, 3, 8, 8)), tmp_path / "net.caffemodel"
    weights.write_bytes(caffemodel(layers))
    with pytest.raises(ModelError) as caught:
        load_caffe(net, weights)
    assert str(caught.value) == f"{net}: layer 'it' (Convolution, line 2): {weights} {problem}"


def test_two_layers_with_weights_under_one_name(write_net):
    net = write_net(CONV + CONV.replace('"out"', '"more"'), data=(1, 3, 8, 8))
    with pytest.raises(ModelError, match="line 2 has a layer of this name, but weights go by name"):
        load_caffe(net)


def test_weights_are_taken_as_far_as_memory_goes(write_net, monkeypatch):
    net = write_net(CONV, data=(1, 3, 8, 8))
    # 108 weights and 4 biases of 8 bytes each.
    monkeypatch.setattr("trtcore.models.caffe.weights.memory_at_hand", lambda: 896)
    load_caffe(net)
    big = write_net(conv("num_output: 400000 kernel_size: 3"), data=(1, 3, 8, 8))
    monkeypatch.setattr("trtcore.models.caffe.weights.memory_at_hand", lambda: 80 << 20)
    with pytest.raises(ModelError) as caught:
        load_caffe(big)
    assert str(caught.value) == (
        f"{big}: layer 'it' (Convolution, line 2): its blob 0 would be 400000x3x3x3: with it the "
        "net's weights take 82 MiB of memory, 80 MiB are free"
    )
