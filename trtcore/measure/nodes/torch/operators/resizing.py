"""Resize and Upsample, in the modes in which PyTorch samples at the same coordinates."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch.nn import functional

from trtcore.measure.nodes.torch.operators.call import Call, Kernel

_RANKED = {
    "linear": {1: "linear", 2: "bilinear", 3: "trilinear"},
    "cubic": {2: "bicubic"},
    "nearest": {1: "nearest", 2: "nearest", 3: "nearest"},
}


def resize(call: Call) -> Kernel:
    """Resize from opset 10 on, and Upsample, over the spatial dimensions."""
    _refuse_others(call)
    kind = call.get("mode", "nearest")
    where = call.get("coordinate_transformation_mode", "half_pixel")
    if call.opset < 11:
        where = "asymmetric"
    mode, extent = _RANKED.get(kind, {}).get(len(call.spatial)), _extent(call)
    samples_alike = {
        "nearest": where == "asymmetric" and _rounds_down(call),
        "linear": _is_known(where, call, extent),
        "cubic": _is_known(where, call, extent) and call.get("cubic_coeff_a", -0.75) == -0.75,
    }
    if mode is None or not samples_alike[kind]:
        raise call.refuse(f"mode '{kind}' with coordinates '{where}'")
    options = {} if kind == "nearest" else {"align_corners": where == "align_corners"}
    return partial(functional.interpolate, mode=mode, **extent, **options)


def _is_known(where: str, call: Call, extent: dict[str, Any]) -> bool:
    """Whether PyTorch has these coordinates; it differs for fractional sizes and size 1."""
    scales = extent.get("scale_factor", ())
    sizes = extent.get("size") or [n * s for n, s in zip(call.spatial, scales, strict=True)]
    if where == "align_corners":
        return all(float(size).is_integer() for size in sizes)
    return where == "half_pixel" or (where == "pytorch_half_pixel" and min(sizes) >= 2)


def _rounds_down(call: Call) -> bool:
    return bool(call.opset < 11 or call.get("nearest_mode", "round_prefer_floor") == "floor")


def _refuse_others(call: Call) -> None:
    for name in ("antialias", "exclude_outside", "axes"):
        if call.get(name):
            raise call.refuse(f"attribute '{name}'")
    if call.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise call.refuse("attribute 'keep_aspect_ratio_policy'")


def _extent(call: Call) -> dict[str, Any]:
    """The scale factors or the size, of the spatial dimensions."""
    scales = call.parameter(1 if call.opset < 11 else 2, "scales")
    if scales:
        if list(scales[:2]) != [1, 1]:
            raise call.refuse("resizing batch or channels")
        return {"scale_factor": tuple(scales[2:])}
    sizes = call.parameter(3, "sizes")
    if tuple(sizes[:2]) != call.shape[:2]:
        raise call.refuse("resizing batch or channels")
    return {"size": tuple(sizes[2:])}
