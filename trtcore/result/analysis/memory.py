"""What a network needs of memory, and at which batch the device would be full."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from trtcore.result.records.layers import TensorInfo
from trtcore.result.records.memory import MemoryPoint, MemoryReading
from trtcore.result.records.profile import Profile
from trtcore.result.types.dtypes import itemsize


def tensor_bytes(tensor: TensorInfo) -> int | None:
    """Returns the size of a tensor's values; None where its shape or type is not known.

    Vectorized formats pad channels, which is not in it.
    """
    if any(dim < 0 for dim in tensor.shape):
        return None
    try:
        return round(prod(tensor.shape) * itemsize(tensor.dtype))
    except KeyError:
        return None


def output_bytes(outputs: tuple[TensorInfo, ...]) -> int | None:
    """Returns what a layer writes; None where that is not known, or it lists no output."""
    sizes = [tensor_bytes(tensor) for tensor in outputs]
    known = [size for size in sizes if size is not None]
    return sum(known) if sizes and len(known) == len(sizes) else None


@dataclass(frozen=True)
class MemoryNeeds:
    """Memory of a run, in bytes; 0 where it is not known.

    Attributes:
        weights: that an engine holds on the device: what loading it took.
        activations: of one execution context.
        io: of the inputs and outputs.
        peak: device memory of the process at its most.
        host: of the process at its most.
        host_contexts: that making the execution contexts took.
        host_start: of the process before it loaded anything.
        fixed: of the peak, what does not grow with the batch: all but activations, inputs and
            outputs.
        batch_limit: the largest batch that would fit one context on the device, extrapolated; 0 if
            it is not known.
    """

    weights: int = 0
    activations: int = 0
    io: int = 0
    peak: int = 0
    host: int = 0
    host_contexts: int = 0
    host_start: int = 0
    fixed: int = 0
    batch_limit: int = 0


def memory_needs(profile: Profile) -> MemoryNeeds | None:
    """Returns what a run needed; None if it was not recorded."""
    memory = profile.memory
    if memory is None or not memory.readings:
        return None
    engine = profile.build.memory if profile.build else None
    activations = engine.context_bytes if engine else 0
    weights = engine.weights_bytes if engine else 0
    io = sum(tensor_bytes(tensor) or 0 for tensor in profile.io)
    peak = memory.peak_device_bytes
    fixed = max(peak - memory.contexts * activations - io, 0) if peak else 0
    return MemoryNeeds(
        weights=weights or _step(profile, MemoryPoint.DRIVER, MemoryPoint.ENGINE),
        activations=activations,
        io=io,
        peak=peak,
        host=memory.host_peak_bytes,
        host_contexts=_host_step(profile, MemoryPoint.ENGINE, MemoryPoint.CONTEXTS),
        host_start=memory.readings[0].host_bytes,
        fixed=fixed,
        batch_limit=_batch_limit(profile, activations + io, fixed),
    )


def _batch_limit(profile: Profile, growing: int, fixed: int) -> int:
    """The largest batch, if activations, inputs and outputs grow with it and nothing else does."""
    total = profile.memory.device_bytes if profile.memory else 0
    # A plan for a range of shapes has room for the largest: what it needs is not of this batch.
    has_range = bool(profile.build and profile.build.shape_ranges)
    if has_range or not (total and growing and fixed and profile.batch > 0):
        return 0
    return max((total - fixed) * profile.batch // growing, 0)


def _step(profile: Profile, first: MemoryPoint, last: MemoryPoint) -> int:
    """The device memory that a step took; 0 if it is not known."""
    readings = _readings(profile, first, last)
    if readings is None or not all(reading.device_free_bytes for reading in readings):
        return 0
    return max(readings[0].device_free_bytes - readings[1].device_free_bytes, 0)


def _host_step(profile: Profile, first: MemoryPoint, last: MemoryPoint) -> int:
    """The host memory that a step took; 0 if it is not known."""
    readings = _readings(profile, first, last)
    return max(readings[1].host_bytes - readings[0].host_bytes, 0) if readings else 0


def _readings(
    profile: Profile, first: MemoryPoint, last: MemoryPoint
) -> tuple[MemoryReading, MemoryReading] | None:
    if profile.memory is None:
        return None
    before, after = profile.memory.at(first), profile.memory.at(last)
    return None if before is None or after is None else (before, after)
