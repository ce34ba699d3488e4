"""The layers of `caffe_reference` that slide a window: loops over its places, in float64."""

from __future__ import annotations

import itertools
import math

import numpy as np


def _pair(param, name, height, width, default):
    if param.HasField(height) or param.HasField(width):
        return [getattr(param, height), getattr(param, width)]
    values = getattr(param, name)
    values = [values] if isinstance(values, int) else list(values) or [default]
    return values * 2 if len(values) == 1 else values


def _window(param):
    stride = _pair(param, "stride", "stride_h", "stride_w", 1)
    return (
        _pair(param, "kernel_size", "kernel_h", "kernel_w", 0),
        stride,
        _pair(param, "pad", "pad_h", "pad_w", 0),
    )


def _dilation(param):
    if param.hole or param.hole_h:
        return [param.hole_h or param.hole, param.hole_w or param.hole]
    values = list(param.dilation) or [1]
    return values * 2 if len(values) == 1 else values


def convolution(layer, bottoms, blobs):
    param, (x,), w = layer.convolution_param, bottoms, blobs[0]
    (kh, kw), (sh, sw), (ph, pw) = _window(param)
    dh, dw = _dilation(param)
    x = np.pad(x, [(0, 0), (0, 0), (ph, ph), (pw, pw)])
    height = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1
    width = (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    groups = []
    for part, weights in zip(np.split(x, param.group, 1), np.split(w, param.group), strict=True):
        out = np.zeros((len(x), len(weights), height, width))
        for i, j in itertools.product(range(kh), range(kw)):
            rows = slice(i * dh, i * dh + sh * (height - 1) + 1, sh)
            columns = slice(j * dw, j * dw + sw * (width - 1) + 1, sw)
            out += np.einsum("nchw,mc->nmhw", part[:, :, rows, columns], weights[:, :, i, j])
        groups.append(out)
    out = np.concatenate(groups, 1)
    return out + blobs[1][:, None, None] if param.bias_term else out


def deconvolution(layer, bottoms, blobs):
    param, (x,), w = layer.convolution_param, bottoms, blobs[0]
    (kh, kw), (sh, sw), (ph, pw) = _window(param)
    dh, dw = _dilation(param)
    full = (sh * (x.shape[2] - 1) + dh * (kh - 1) + 1, sw * (x.shape[3] - 1) + dw * (kw - 1) + 1)
    groups = []
    for part, weights in zip(np.split(x, param.group, 1), np.split(w, param.group), strict=True):
        out = np.zeros((len(x), weights.shape[1], *full))
        for i, j in itertools.product(range(kh), range(kw)):
            rows = slice(i * dh, i * dh + sh * (x.shape[2] - 1) + 1, sh)
            columns = slice(j * dw, j * dw + sw * (x.shape[3] - 1) + 1, sw)
            out[:, :, rows, columns] += np.einsum("nchw,cm->nmhw", part, weights[:, :, i, j])
        groups.append(out)
    out = np.concatenate(groups, 1)[:, :, ph : full[0] - ph, pw : full[1] - pw]
    return out + blobs[1][:, None, None] if param.bias_term else out


def pooling(layer, bottoms, _):
    param, (x,) = layer.pooling_param, bottoms
    kernel, stride, pad = _window(param)
    if param.global_pooling:
        kernel, stride, pad = x.shape[2:], [1, 1], [0, 0]
    outs = []
    for size, k, s, p in zip(x.shape[2:], kernel, stride, pad, strict=True):
        room = (size + 2 * p - k) / s
        rounds_up = param.round_mode == 0 and param.ceil_mode
        out = (math.ceil(room) if rounds_up else math.floor(room)) + 1
        outs.append(out - 1 if any(pad) and (out - 1) * s >= size + p else out)
    result = np.empty((*x.shape[:2], *outs))
    for at in itertools.product(*map(range, outs)):
        starts = [i * s - p for i, s, p in zip(at, stride, pad, strict=True)]
        # The divisor counts the declared padding, not what the rounding adds beyond it.
        ends = [
            min(start + k, size + p)
            for start, k, size, p in zip(starts, kernel, x.shape[2:], pad, strict=True)
        ]
        area = math.prod(end - start for start, end in zip(starts, ends, strict=True))
        rows, columns = (
            slice(max(start, 0), min(end, size))
            for start, end, size in zip(starts, ends, x.shape[2:], strict=True)
        )
        window = x[:, :, rows, columns]
        is_max = param.pool == 0
        result[:, :, at[0], at[1]] = window.max((2, 3)) if is_max else window.sum((2, 3)) / area
    return result


def lrn(layer, bottoms, _):
    param, (x,) = layer.lrn_param, bottoms
    reach = param.local_size // 2
    total = np.zeros_like(x)
    if param.norm_region == 0:
        padded = np.pad(x**2, [(0, 0), (reach, reach), (0, 0), (0, 0)])
        for i in range(param.local_size):
            total += padded[:, i : i + x.shape[1]]
        return x / (param.k + param.alpha / param.local_size * total) ** param.beta
    padded = np.pad(x**2, [(0, 0), (0, 0), (reach, reach), (reach, reach)])
    for i, j in itertools.product(range(param.local_size), repeat=2):
        total += padded[:, :, i : i + x.shape[2], j : j + x.shape[3]]
    return x * (1 + param.alpha * total / param.local_size**2) ** -param.beta
