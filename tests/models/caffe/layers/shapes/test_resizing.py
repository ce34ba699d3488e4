"""Upsample, alone and with the mask of a Pooling layer, against loops over pixels."""

from __future__ import annotations

import itertools

import numpy as np
import onnx
import pytest
from caffe_fork_reference import pooled
from caffe_oracles import run_onnx

from trtcore.errors import ModelError
from trtcore.models.caffe.importer import load_caffe


def upsample(param, bottoms='bottom: "x"'):
    return (
        f'layer {{ name: "up" type: "Upsample" {bottoms} top: "up" upsample_param {{ {param} }} }}'
    )


def unpooling(window, param):
    pooling = (
        'layer { name: "pool" type: "Pooling" bottom: "x" top: "pool" top: "mask" '
        f"pooling_param {{ pool: MAX {window} }} }}\n"
    )
    return pooling + upsample(param, 'bottom: "pool" bottom: "mask"')


def values_of(shape):
    # Few values, so that windows hold their maximum more than once: the first counts.
    return np.random.default_rng(4).integers(-3, 3, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "kernel", "stride", "pad", "param"),
    [
        ((2, 3, 6, 8), 2, 2, 0, "scale: 2"),
        ((2, 3, 5, 7), 2, 2, 0, "scale: 2 pad_out_h: true pad_out_w: true"),
        ((1, 2, 5, 7), 2, 2, 0, "upsample_h: 5 upsample_w: 7"),
        ((1, 2, 6, 9), 3, 3, 0, "scale_h: 3 scale_w: 3"),
        ((1, 2, 8, 8), 3, 2, 1, "upsample_h: 8 upsample_w: 8"),
    ],
)
def test_unpooling_puts_values_where_they_came_from(write_net, shape, kernel, stride, pad, param):
    window = f"kernel_size: {kernel} stride: {stride} pad: {pad}"
    net = write_net(unpooling(window, param), x=shape)
    x = values_of(shape)
    proto = load_caffe(net, outputs=["pool", "mask", "up"]).proto
    onnx.checker.check_model(proto, full_check=True)
    found, mask, placed = run_onnx(proto, {"x": x})
    values, where = pooled(x, kernel, stride, pad)
    wanted = np.zeros((*shape[:2], placed.shape[2] * placed.shape[3]))
    for n, c, i, j in itertools.product(*map(range, values.shape)):
        wanted[n, c, where[n, c, i, j]] = values[n, c, i, j]
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(mask, where)
    np.testing.assert_array_equal(placed, wanted.reshape(placed.shape))
    assert [node.name for node in proto.graph.node if "/" not in node.name] == ["pool", "up"]


def test_mask_that_nothing_reads_costs_nothing(write_net):
    net = write_net(unpooling("kernel_size: 2 stride: 2", "scale: 2"), x=(1, 2, 4, 4))
    proto = load_caffe(net, outputs=["pool"]).proto
    assert [(node.name, node.op_type) for node in proto.graph.node] == [("pool", "MaxPool")]


@pytest.mark.parametrize(
    ("param", "scales"), [("scale: 2", (2, 2)), ("scale_h: 3 scale_w: 1", (3, 1))]
)
def test_upsample_without_mask_repeats_pixels(write_net, param, scales):
    x = values_of((2, 3, 4, 5))
    proto = load_caffe(write_net(upsample(param), x=x.shape)).proto
    onnx.checker.check_model(proto, full_check=True)
    wanted = x.repeat(scales[0], axis=2).repeat(scales[1], axis=3)
    np.testing.assert_array_equal(run_onnx(proto, {"x": x})[0], wanted)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (upsample("scale: 1.5"), "scale is 1.5 and 1.5, must be whole and 1 or more"),
        (
            upsample("upsample_h: 6 upsample_w: 4"),
            "1x2x6x4 is no multiple of its bottom, 1x2x4x4",
        ),
        (
            upsample("scale: 2", 'bottom: "x" bottom: "x"'),
            "takes the second top of a Pooling layer of 1x2x4x4 as mask, got 1x2x4x4",
        ),
    ],
)
def test_upsample_is_refused(write_net, text, problem):
    net = write_net(text, x=(1, 2, 4, 4))
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    assert str(caught.value) == f"{net}: layer 'up' (Upsample, line 2): {problem}"


def test_only_upsample_reads_a_mask(write_net):
    net = write_net(
        unpooling("kernel_size: 2 stride: 2", "scale: 2")
        + '\nlayer { name: "relu" type: "ReLU" bottom: "mask" top: "relu" }',
        x=(1, 2, 4, 4),
    )
    with pytest.raises(ModelError) as caught:
        load_caffe(net, outputs=["relu"])
    assert str(caught.value) == (
        f"{net}: layer 'relu' (ReLU, line 4): reads the mask of a Pooling layer, which only "
        "Upsample can; cut above with outputs=['mask'], or cut_unsupported"
    )
