"""Caffe's pooling sizes and divisors over every small kernel, stride and pad."""

from __future__ import annotations

import itertools
import math

import numpy as np
import onnx
import pytest
from caffe_oracles import assert_close, run_numpy, run_onnx

from trtcore.errors import ModelError
from trtcore.models.caffe.importer import load_caffe

WINDOWS = [
    (kernel, stride, pad, mode)
    for kernel, stride, mode in itertools.product(range(1, 5), range(1, 5), ("CEIL", "FLOOR"))
    for pad in range(kernel)
]


def has_lost_window(size, kernel, stride, pad, mode):
    """Whether Caffe's last window would lie outside the image, or no window fits."""
    room = (size + 2 * pad - kernel) / stride
    out = (math.ceil(room) if mode == "CEIL" else math.floor(room)) + 1
    if pad and (out - 1) * stride >= size + pad:
        out -= 1
    end = (out - 1) * stride + kernel - size - pad
    return out < 1 or (out - 1) * stride - pad >= size or max(end, pad) >= kernel


def text(method, kernel, stride, pad, mode):
    name = f"{method}_{kernel}_{stride}_{pad}_{mode}"
    param = f"pool: {method} kernel_size: {kernel} stride: {stride} pad: {pad} round_mode: {mode}"
    return (
        f'layer {{ name: "{name}" type: "Pooling" bottom: "data" top: "{name}" '
        f"pooling_param {{ {param} }} }}\n"
    )


@pytest.mark.parametrize("size", range(3, 10))
def test_all_small_windows(write_net, size):
    shape = (1, 2, size, size + 1)
    whole = [w for w in WINDOWS if not any(has_lost_window(s, *w) for s in shape[2:])]
    assert len(whole) > len(WINDOWS) / 2
    layers = [text(method, *window) for method in ("MAX", "AVE") for window in whole]
    net = write_net("".join(layers), data=shape)
    feeds = {"data": np.random.default_rng(size).standard_normal(shape).astype(np.float32)}
    proto = load_caffe(net).proto
    onnx.checker.check_model(proto, full_check=True)
    wanted = run_numpy(net, {}, feeds)
    names = [output.name for output in proto.graph.output]
    assert len(names) == 2 * len(whole)
    for name, values in zip(names, run_onnx(proto, feeds), strict=True):
        assert_close(values, wanted[name])


@pytest.mark.parametrize("size", [3, 4, 6])
def test_windows_outside_the_image_are_refused(write_net, size):
    lost = [window for window in WINDOWS if has_lost_window(size, *window)]
    assert lost
    for window in lost:
        with pytest.raises(ModelError, match=r"outside the image|does not fit"):
            load_caffe(write_net(text("MAX", *window), data=(1, 1, size, size)))
