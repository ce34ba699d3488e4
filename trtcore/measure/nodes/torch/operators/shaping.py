"""Operators that move, cut, join and repeat elements."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import torch
from torch.nn import functional

from trtcore.measure.nodes.torch.operators.call import Call, Kernel, Operator
from trtcore.measure.nodes.torch.operators.resizing import resize

_PAD_MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def _reshape(call: Call) -> Kernel:
    target, shape = call.parameter(1, "shape"), call.shape
    if not call.get("allowzero", 0):
        target = [shape[i] if size == 0 else size for i, size in enumerate(target)]
    return lambda x: x.reshape(target)


def _flatten(call: Call) -> Kernel:
    axis = call.get("axis", 1)
    rows = prod(call.shape[:axis])
    return lambda x: x.reshape(rows, -1)


def _transpose(call: Call) -> Kernel:
    order = call.get("perm", tuple(reversed(range(len(call.shape)))))
    return lambda x: x.permute(tuple(order))


def _squeeze(call: Call) -> Kernel:
    axes = call.either("axes", 1, since=13)
    if axes is None:
        return lambda x: x.squeeze()
    return lambda x: x.squeeze(tuple(axes))


def _unsqueeze(call: Call) -> Kernel:
    axes = call.either("axes", 1, since=13)
    rank = len(call.shape) + len(axes)
    shape = iter(call.shape)
    added = {axis % rank for axis in axes}
    target = [1 if i in added else next(shape) for i in range(rank)]
    return lambda x: x.reshape(target)


def _concat(call: Call) -> Kernel:
    axis = call.get("axis")
    return lambda *values: torch.cat(values, axis)


def _split(call: Call) -> Kernel:
    axis, count = call.get("axis", 0), len(call.node.output)
    sizes = call.either("split", 1, since=13)
    if sizes is None:
        each = -(-call.shape[axis] // call.get("num_outputs", count))
        return lambda x: torch.split(x, each, axis)
    return lambda x: torch.split(x, sizes, axis)


def _slice(call: Call) -> Kernel:
    starts, ends, axes = (
        call.either(name, i, since=10) for i, name in ((1, "starts"), (2, "ends"), (3, "axes"))
    )
    steps = call.parameter(4, "steps") or [1] * len(starts)
    cut = [slice(None)] * len(call.shape)
    flipped = []
    for axis, start, end, step in zip(axes or range(len(starts)), starts, ends, steps, strict=True):
        size = call.shape[axis]
        indices = range(size)[start:end:step]
        # PyTorch slices only forwards: the same elements are cut and then reversed.
        if step < 0:
            flipped.append(axis)
            indices = indices[::-1]
        cut[axis] = slice(indices.start, indices.stop, indices.step)
    window = tuple(cut)
    return (lambda x: x[window].flip(flipped)) if flipped else (lambda x: x[window])


def _gather(call: Call) -> Kernel:
    axis = call.get("axis", 0) % len(call.shape)
    size, shape = call.shape[axis], call.shape_of(1)
    target = (*call.shape[:axis], *shape, *call.shape[axis + 1 :])
    known = call.constants[1]
    if known is not None and not shape:
        place = int(known)
        return lambda x, _: x.select(axis, place)
    if known is not None and bool((known >= 0).all()):
        return lambda x, indices: x.index_select(axis, indices.reshape(-1)).reshape(target)
    return lambda x, indices: x.index_select(axis, indices.reshape(-1) % size).reshape(target)


def _expand(call: Call) -> Kernel:
    target = torch.broadcast_shapes(call.shape, tuple(call.parameter(1, "shape")))
    return lambda x: x.expand(target)


def _tile(call: Call) -> Kernel:
    repeats = call.parameter(1, "repeats")
    return lambda x: x.repeat(repeats)


def _pad(call: Call) -> Kernel:
    pads, axes = call.either("pads", 1, since=11), call.parameter(3, "axes")
    value = call.get("value", 0.0) if call.opset < 11 else call.parameter(2, "constant_value")
    rank, half = len(call.shape), len(pads) // 2
    by_axis = {axis % rank: (pads[i], pads[half + i]) for i, axis in enumerate(axes or range(half))}
    pairs = [by_axis.get(axis, (0, 0)) for axis in range(rank)]
    mode = _PAD_MODES.get(call.get("mode", "constant"))
    if mode is None:
        raise call.refuse(f"mode '{call.get('mode')}'")
    if mode == "constant":
        flat = [size for pair in reversed(pairs) for size in pair]
        return lambda x: functional.pad(x, flat, value=value or 0)
    return _pad_by_copies(call, pairs, mode)


def _pad_by_copies(call: Call, pairs: list[tuple[int, int]], mode: str) -> Kernel:
    """PyTorch copies into the last dimensions only, of which it wants batch and channels before."""
    rank = len(pairs)
    first = next((i for i, pair in enumerate(pairs) if any(pair)), rank)
    if first < 2 or rank > 5:
        raise call.refuse("padding by copies over batch or channels")
    flat = [size for pair in reversed(pairs[2:]) for size in pair]
    return lambda x: functional.pad(x, flat, mode=mode)


def _depth_to_space(call: Call) -> Kernel:
    size = call.get("blocksize")
    n, c, h, w = call.shape
    if call.get("mode", "DCR") == "CRD":
        return lambda x: functional.pixel_shuffle(x, size)
    inner, target = (n, size, size, c // size**2, h, w), (n, c // size**2, h * size, w * size)
    return lambda x: x.reshape(inner).permute(0, 3, 4, 1, 5, 2).reshape(target)


def _space_to_depth(call: Call) -> Kernel:
    size = call.get("blocksize")
    n, c, h, w = call.shape
    if call.get("mode", "DCR") == "CRD":
        return lambda x: functional.pixel_unshuffle(x, size)
    inner, target = (n, c, h // size, size, w // size, size), (n, c * size**2, h // size, w // size)
    return lambda x: x.reshape(inner).permute(0, 3, 5, 1, 2, 4).reshape(target)


OPERATORS: Mapping[str, Operator] = {
    "Concat": Operator(_concat),
    "DepthToSpace": Operator(_depth_to_space),
    "Expand": Operator(_expand, data=1),
    "Flatten": Operator(_flatten),
    "Gather": Operator(_gather),
    "Pad": Operator(_pad, data=1),
    "Reshape": Operator(_reshape, data=1),
    "Resize": Operator(resize, data=1),
    "Slice": Operator(_slice, data=1),
    "SpaceToDepth": Operator(_space_to_depth),
    "Split": Operator(_split, data=1),
    "Squeeze": Operator(_squeeze, data=1),
    "Tile": Operator(_tile, data=1),
    "Transpose": Operator(_transpose),
    "Unsqueeze": Operator(_unsqueeze, data=1),
    "Upsample": Operator(resize, data=1),
}
