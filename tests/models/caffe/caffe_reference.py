"""What Caffe computes, in float64 NumPy, written from the Forward_cpu of each layer.

Plain on purpose. Source: BVLC/caffe src/caffe/layers at 9b891540; Permute and Normalize
from weiliu89/caffe, branch ssd.
"""

from __future__ import annotations

import math

import numpy as np
from caffe_fork_reference import FORK_LAYERS, nvcaffe_batch_norm, pooled
from caffe_windows import convolution, deconvolution, lrn, pooling


def forward(layer, bottoms, blobs):
    """Runs one layer.

    Args:
        layer: a LayerParameter message.
        bottoms: its inputs.
        blobs: its weights.

    Returns:
        A list with an array per top.
    """
    bottoms = [np.asarray(bottom, np.float64) for bottom in bottoms]
    blobs = [np.asarray(blob, np.float64) for blob in blobs]
    tops = _LAYERS[layer.type](layer, bottoms, blobs)
    return tops if isinstance(tops, list) else [tops]


def inner_product(layer, bottoms, blobs):
    param, (x,) = layer.inner_product_param, bottoms
    axis = param.axis % x.ndim
    weights = blobs[0] if param.transpose else blobs[0].T
    out = x.reshape(*x.shape[:axis], -1) @ weights
    return out + blobs[1] if param.bias_term else out


def batch_norm(layer, bottoms, blobs):
    if len(blobs) == 5:
        return nvcaffe_batch_norm(layer, bottoms, blobs)
    (x,), (mean, variance, divisor) = bottoms, blobs
    factor = 0 if divisor[0] == 0 else 1 / divisor[0]
    shape = (-1, *(1,) * (x.ndim - 2))
    mean, variance = (mean * factor).reshape(shape), (variance * factor).reshape(shape)
    return (x - mean) / np.sqrt(variance + layer.batch_norm_param.eps)


def _operand(param, bottoms, blobs):
    """The factor or summand, with ones behind it so that it broadcasts."""
    x, value = bottoms[0], bottoms[1] if len(bottoms) == 2 else blobs[0]
    axis = param.axis % x.ndim
    return (
        value.reshape(*value.shape, *(1,) * (x.ndim - axis - value.ndim)) if value.ndim else value
    )


def scale(layer, bottoms, blobs):
    param = layer.scale_param
    out = bottoms[0] * _operand(param, bottoms, blobs)
    return out + _operand(param, bottoms[:1], blobs[-1:]) if param.bias_term else out


def bias(layer, bottoms, blobs):
    return bottoms[0] + _operand(layer.bias_param, bottoms, blobs)


def eltwise(layer, bottoms, _):
    param = layer.eltwise_param
    if param.operation == 1:
        coefficients = list(param.coeff) or [1] * len(bottoms)
        return sum(c * bottom for c, bottom in zip(coefficients, bottoms, strict=True))
    return np.prod(bottoms, 0) if param.operation == 0 else np.max(bottoms, 0)


def prelu(layer, bottoms, blobs):
    (x,), slope = bottoms, blobs[0]
    slope = slope.reshape(-1, *(1,) * (x.ndim - 2)) if slope.ndim else slope
    return np.maximum(x, 0) + slope * np.minimum(x, 0)


def power(layer, bottoms, _):
    param = layer.power_param
    return (param.shift + param.scale * bottoms[0]) ** param.power


def exp(layer, bottoms, _):
    param = layer.exp_param
    base = math.e if param.base == -1 else param.base
    return base ** (param.shift + param.scale * bottoms[0])


def log(layer, bottoms, _):
    param = layer.log_param
    natural = np.log(param.shift + param.scale * bottoms[0])
    return natural if param.base == -1 else natural / math.log(param.base)


def _pooling(layer, bottoms, blobs):
    if len(layer.top) == 1:
        return pooling(layer, bottoms, blobs)
    param = layer.pooling_param
    return list(pooled(bottoms[0], param.kernel_size, param.stride, param.pad))


def softmax(layer, bottoms, _):
    axis = layer.softmax_param.axis
    powers = np.exp(bottoms[0] - bottoms[0].max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def concat(layer, bottoms, _):
    param = layer.concat_param
    return np.concatenate(bottoms, param.concat_dim if param.HasField("concat_dim") else param.axis)


def slice_(layer, bottoms, _):
    param = layer.slice_param
    axis = param.slice_dim if param.HasField("slice_dim") else param.axis
    return np.split(bottoms[0], list(param.slice_point) or len(layer.top), axis)


def flatten(layer, bottoms, _):
    param, (x,) = layer.flatten_param, bottoms
    start, end = param.axis % x.ndim, param.end_axis % x.ndim
    return x.reshape(*x.shape[:start], -1, *x.shape[end + 1 :])


def reshape(layer, bottoms, _):
    param, (x,) = layer.reshape_param, bottoms
    start = param.axis if param.axis >= 0 else x.ndim + param.axis + 1
    end = x.ndim if param.num_axes == -1 else start + param.num_axes
    dims = [x.shape[start + i] if dim == 0 else dim for i, dim in enumerate(param.shape.dim)]
    return x.reshape(*x.shape[:start], *dims, *x.shape[end:])


def crop(layer, bottoms, _):
    param, (x, like) = layer.crop_param, bottoms
    axis = param.axis % x.ndim
    offsets = list(param.offset) or [0]
    offsets = offsets * (x.ndim - axis) if len(offsets) == 1 else offsets
    cuts = [slice(o, o + size) for o, size in zip(offsets, like.shape[axis:], strict=True)]
    return x[(slice(None),) * axis + tuple(cuts)]


def permute(layer, bottoms, _):
    order = list(layer.permute_param.order)
    return bottoms[0].transpose(order + [i for i in range(bottoms[0].ndim) if i not in order])


def tile(layer, bottoms, _):
    param = layer.tile_param
    return np.concatenate([bottoms[0]] * param.tiles, param.axis)


def argmax(layer, bottoms, _):
    param, (x,) = layer.argmax_param, bottoms
    axis = param.axis if param.HasField("axis") else 1
    ranked = x if param.HasField("axis") else x.reshape(len(x), -1)
    indices = np.flip(np.argsort(ranked, axis), axis).take(range(param.top_k), axis)
    values = np.take_along_axis(ranked, indices, axis)
    if param.HasField("axis"):
        return values if param.out_max_val else indices
    parts = [indices, values] if param.out_max_val else [indices]
    return np.stack(parts, 1).reshape(len(x), len(parts), param.top_k, *(1,) * (x.ndim - 3))


def reduction(layer, bottoms, _):
    param, (x,) = layer.reduction_param, bottoms
    axis = param.axis % x.ndim
    rows = x.reshape(*x.shape[:axis], -1)
    kinds = {1: rows, 2: np.abs(rows), 3: rows**2, 4: rows / rows.shape[-1]}
    return param.coeff * kinds[param.operation].sum(-1)


def mvn(layer, bottoms, _):
    param, (x,) = layer.mvn_param, bottoms
    axes = tuple(range(1 if param.across_channels else 2, x.ndim))
    centred = x - x.mean(axes, keepdims=True)
    if not param.normalize_variance:
        return centred
    return centred / (np.sqrt((centred**2).mean(axes, keepdims=True)) + param.eps)


def normalize(layer, bottoms, blobs):
    param, (x,), scales = layer.norm_param, bottoms, blobs[0]
    axes = tuple(range(1, x.ndim)) if param.across_spatial else (1,)
    unit = x / np.sqrt((x**2).sum(axes, keepdims=True) + param.eps)
    return unit * (scales.reshape(-1, *(1,) * (x.ndim - 2)) if scales.ndim else scales)


def _relu(layer, x):
    return np.maximum(x, 0) + layer.relu_param.negative_slope * np.minimum(x, 0)


def _elu(layer, x):
    return np.where(x > 0, x, layer.elu_param.alpha * np.expm1(np.minimum(x, 0)))


def _simple(function):
    return lambda layer, bottoms, _: function(layer, bottoms[0])


_LAYERS = {
    "Convolution": convolution,
    "Deconvolution": deconvolution,
    "InnerProduct": inner_product,
    "Pooling": _pooling,
    "LRN": lrn,
    "BatchNorm": batch_norm,
    "Scale": scale,
    "Bias": bias,
    "Eltwise": eltwise,
    "PReLU": prelu,
    "ReLU": _simple(_relu),
    "ELU": _simple(_elu),
    "Sigmoid": _simple(lambda _, x: 1 / (1 + np.exp(-x))),
    "TanH": _simple(lambda _, x: np.tanh(x)),
    "AbsVal": _simple(lambda _, x: np.abs(x)),
    "BNLL": _simple(lambda _, x: np.logaddexp(0, x)),
    "Clip": _simple(lambda layer, x: np.clip(x, layer.clip_param.min, layer.clip_param.max)),
    "Threshold": _simple(lambda layer, x: x > layer.threshold_param.threshold),
    "Swish": _simple(lambda layer, x: x / (1 + np.exp(-layer.swish_param.beta * x))),
    "Power": power,
    "Exp": exp,
    "Log": log,
    "Softmax": softmax,
    "Concat": concat,
    "Slice": slice_,
    "Split": lambda layer, bottoms, _: bottoms * len(layer.top),
    "Dropout": lambda _, bottoms, __: bottoms,
    "Flatten": flatten,
    "Reshape": reshape,
    "Crop": crop,
    "Permute": permute,
    "Tile": tile,
    "ArgMax": argmax,
    "Reduction": reduction,
    "MVN": mvn,
    "Normalize": normalize,
    **FORK_LAYERS,
}
