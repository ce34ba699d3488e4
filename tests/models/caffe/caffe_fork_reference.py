"""What the layers of Caffe's forks compute, in float64 NumPy, from their published code.

Plain on purpose: loops over pixels where the layer has them. Sources as in the converters.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from caffe_windows import convolution


def depthwise(layer, bottoms, blobs):
    layer.convolution_param.group = bottoms[0].shape[1]
    return convolution(layer, bottoms, blobs)


def nvcaffe_batch_norm(layer, bottoms, blobs):
    mean, variance, _, scale, bias = blobs
    eps = max(layer.batch_norm_param.eps, 1e-5)
    return _normalized(bottoms[0], mean, variance, scale, bias, eps)


def bn(layer, bottoms, blobs):
    (x,), param = bottoms, layer.bn_param
    blobs = [blob.ravel() for blob in blobs]
    if len(blobs) == 2:
        return _normalized(x, np.zeros(1), np.ones(1), *blobs, 0)
    scale, shift, mean, variance = blobs
    eps = param.var_eps if param.HasField("var_eps") else 1e-5
    return _normalized(x, mean, variance, scale, shift, param.eps or eps)


def _normalized(x, mean, variance, scale, bias, eps):
    values = (
        np.reshape(each, (-1, *(1,) * (x.ndim - 2))) for each in (mean, variance, scale, bias)
    )
    mean, variance, scale, bias = values
    return (x - mean) / np.sqrt(variance + eps) * scale + bias


def interp(layer, bottoms, _):
    param, (x,) = layer.interp_param, bottoms
    begin, end = -param.pad_beg, -param.pad_end
    x = x[:, :, begin : x.shape[2] - end, begin : x.shape[3] - end]
    sizes = x.shape[2:]
    if param.HasField("shrink_factor"):
        sizes = [(size - 1) // param.shrink_factor + 1 for size in sizes]
    if param.HasField("zoom_factor"):
        sizes = [size + (size - 1) * (param.zoom_factor - 1) for size in sizes]
    if param.height:
        sizes = param.height, param.width
    out = np.zeros((*x.shape[:2], *sizes))
    for i, j in itertools.product(*map(range, sizes)):
        at = [
            place * (size - 1) / (wanted - 1) if wanted > 1 else 0.0
            for place, size, wanted in zip((i, j), x.shape[2:], sizes, strict=True)
        ]
        (top, left), (dy, dx) = map(int, at), (value % 1 for value in at)
        bottom, right = min(top + 1, x.shape[2] - 1), min(left + 1, x.shape[3] - 1)
        upper = (1 - dx) * x[:, :, top, left] + dx * x[:, :, top, right]
        lower = (1 - dx) * x[:, :, bottom, left] + dx * x[:, :, bottom, right]
        out[:, :, i, j] = (1 - dy) * upper + dy * lower
    return out


def reorg(layer, bottoms, _):
    """darknet's reorg_cpu, index by index."""
    param, (x,) = layer.reorg_param, bottoms
    s, (batch, channels, height, width) = param.stride, x.shape
    inner = channels // s**2
    flat, out = x.ravel(), np.zeros(x.size)
    for b, k, j, i in itertools.product(*map(range, x.shape)):
        inside = i + width * (j + height * (k + channels * b))
        c, offset = k % inner, k // inner
        column, row = i * s + offset % s, j * s + offset // s
        across = column + width * s * (row + height * s * (c + inner * b))
        if param.reverse:
            out[across] = flat[inside]
        else:
            out[inside] = flat[across]
    if param.reverse:
        return out.reshape(batch, inner, height * s, width * s)
    return out.reshape(batch, channels * s**2, height // s, width // s)


def shuffle_channel(layer, bottoms, _):
    (x,), group = bottoms, layer.shuffle_channel_param.group
    per_group = x.shape[1] // group
    order = [g * per_group + i for i in range(per_group) for g in range(group)]
    return x[:, order]


def axpy(_, bottoms, __):
    factor, x, y = bottoms
    return factor.reshape(*x.shape[:2], *(1,) * (x.ndim - 2)) * x + y


def prior_box(layer, bottoms, _):
    param, (feature, image) = layer.prior_box_param, bottoms
    rows, columns = feature.shape[2:]
    height = param.img_h or param.img_size or image.shape[2]
    width = param.img_w or param.img_size or image.shape[3]
    step_y = param.step_h or param.step or height / rows
    step_x = param.step_w or param.step or width / columns
    boxes = []
    for i, j, (w, h) in itertools.product(range(rows), range(columns), _prior_sizes(param)):
        x, y = (j + param.offset) * step_x, (i + param.offset) * step_y
        boxes += [(x - w / 2) / width, (y - h / 2) / height]
        boxes += [(x + w / 2) / width, (y + h / 2) / height]
    if param.clip:
        boxes = [min(max(value, 0), 1) for value in boxes]
    variances = list(param.variance) or [0.1]
    variances = variances * 4 if len(variances) == 1 else variances
    return np.array([[boxes, variances * (len(boxes) // 4)]])


def _prior_sizes(param):
    ratios = [1.0]
    for ratio in param.aspect_ratio:
        if not any(abs(ratio - other) < 1e-6 for other in ratios):
            ratios += [ratio, 1 / ratio] if param.flip else [ratio]
    sizes = []
    for index, smallest in enumerate(map(int, param.min_size)):
        sizes.append((smallest, smallest))
        if param.max_size:
            sizes.append((math.sqrt(smallest * int(param.max_size[index])),) * 2)
        sizes += [
            (smallest * math.sqrt(ratio), smallest / math.sqrt(ratio)) for ratio in ratios[1:]
        ]
    return sizes


def lstm(layer, bottoms, blobs):
    """Step by step; the second bottom as for sequences that begin at the first step."""
    x, (w, b, u) = bottoms[0].reshape(*bottoms[0].shape[:2], -1), blobs
    hidden = layer.recurrent_param.num_output
    h, c = np.zeros((x.shape[1], hidden)), np.zeros((x.shape[1], hidden))
    steps = []
    for step in x:
        i, f, o, g = np.split(step @ w.T + b + h @ u.T, 4, axis=1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        steps.append(h)
    return np.stack(steps)


def pooled(x, kernel, stride, pad):
    """Maxima and their positions in the image, window by window."""
    outs = [-(-(size + 2 * pad - kernel) // stride) + 1 for size in x.shape[2:]]
    if pad:
        outs = [
            out - 1 if (out - 1) * stride >= size + pad else out
            for out, size in zip(outs, x.shape[2:], strict=True)
        ]
    values, where = np.zeros((*x.shape[:2], *outs)), np.zeros((*x.shape[:2], *outs), int)
    for n, c, i, j in itertools.product(*map(range, values.shape)):
        best = -np.inf
        rows = range(max(i * stride - pad, 0), min(i * stride - pad + kernel, x.shape[2]))
        columns = range(max(j * stride - pad, 0), min(j * stride - pad + kernel, x.shape[3]))
        for row, column in itertools.product(rows, columns):
            if x[n, c, row, column] > best:
                best = x[n, c, row, column]
                where[n, c, i, j] = row * x.shape[3] + column
        values[n, c, i, j] = best
    return values, where


def unpooling(layer, bottoms, _):
    """Upsample with a mask, by a whole scale."""
    (x, mask), scale = bottoms, int(layer.upsample_param.scale)
    batch, channels, height, width = x.shape
    out = np.zeros((batch, channels, height * width * scale**2))
    for n, c, i, j in itertools.product(*map(range, x.shape)):
        out[n, c, int(mask[n, c, i, j])] = x[n, c, i, j]
    return out.reshape(batch, channels, height * scale, width * scale)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _hard_swish(_, bottoms, __):
    return bottoms[0] * np.clip(bottoms[0] + 3, 0, 6) / 6


FORK_LAYERS = {
    "ConvolutionDepthwise": depthwise,
    "DepthwiseConvolution": depthwise,
    "BN": bn,
    "Interp": interp,
    "Reorg": reorg,
    "ShuffleChannel": shuffle_channel,
    "Axpy": axpy,
    "PriorBox": prior_box,
    "LSTM": lstm,
    "Upsample": unpooling,
    "Transpose": lambda layer, bottoms, _: bottoms[0].transpose(list(layer.transpose_param.dim)),
    "ReLU6": lambda _, bottoms, __: np.clip(bottoms[0], 0, 6),
    "Mish": lambda _, bottoms, __: bottoms[0] * np.tanh(np.logaddexp(0, bottoms[0])),
    "HardSwish": _hard_swish,
    "HSwish": _hard_swish,
}
