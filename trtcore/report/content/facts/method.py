"""Texts on how a profile was timed."""

from __future__ import annotations

from collections.abc import Callable

from trtcore.result.records.method import Method, Timer
from trtcore.result.records.profile import Profile

_SYNC = {
    "enqueue": "enqueueV3 and synchronise; layers by IProfiler, reported after each iteration",
    "execute": "executeV2, synchronous; layers by IProfiler",
}
_GATED = "gated: launch overhead hidden (stream blocked until enqueued)"
_TYPE = {True: "TF32", False: "FP32"}


def method_text(profile: Profile) -> str:
    """Returns how a profile was timed, in one line."""
    return _TEXTS[profile.method.timer](profile)


def _tensorrt(profile: Profile) -> str:
    method = profile.method
    callbacks = "in Python" if method.in_python else "native"
    # The one place that says what gated means; every other line of a report uses the word.
    gated = f"; {_GATED}" if profile.samples.gated_ms.size else ""
    return (
        f"{_SYNC[method.sync]} ({callbacks} callbacks); {method.inputs} input; latency in a "
        f"context of its own that is never profiled; passes interleaved in rounds{gated}"
    )


def _onnxruntime(profile: Profile) -> str:
    method = profile.method
    return (
        f"un-fused model on the CPU, {profile.environment.runtime}, graph optimisation off, "
        f"{_threads(method)}{_fitted(method)}; layers by its own profile in whole microseconds, "
        "latency by a session without one; passes interleaved in rounds"
    )


def _torch(profile: Profile) -> str:
    method = profile.method
    if method.timer is Timer.TORCH_EVENTS:
        where, clock = "the GPU", "a pair of CUDA events around each node"
    else:
        where, clock = f"the CPU, {_threads(method)}", "the host clock around each node"
    return (
        f"un-fused model in PyTorch eager on {where}{_fitted(method)}; layers by {clock}, latency "
        f"in passes without; passes interleaved in rounds{_tf32(method)}"
    )


def _tf32(method: Method) -> str:
    # Not recorded on a CPU, which has no TF32.
    if method.tf32_convolutions is None or method.tf32_products is None:
        return ""
    return (
        f"; FP32 convolutions run in {_TYPE[method.tf32_convolutions]}, matrix products in "
        f"{_TYPE[method.tf32_products]}"
    )


def _threads(method: Method) -> str:
    return f"{method.threads} thread{'' if method.threads == 1 else 's'}"


def _fitted(method: Method) -> str:
    if not method.fit_s:
        return ""
    least = f"at least {method.fewest}, " if method.fewest else ""
    return f", as many iterations as fit {method.fit_s:g} s, {least}up to {method.most}"


def _caffe(profile: Profile) -> str:
    method = profile.method
    where = f" on the {method.device}" if method.device else ""
    return (
        f"caffe time{where}: mean of {method.iterations or 'all'} iterations, forward pass, every "
        "layer timed alone"
    )


def _trtexec(profile: Profile) -> str:
    method = profile.method
    return (
        f"trtexec: {method.statistic.value} of {method.iterations or 'all'} profiled iterations, "
        "each layer between two events"
    )


def _onnxruntime_profile(profile: Profile) -> str:
    method = profile.method
    where = f" with {method.device}" if method.device else ""
    return f"ONNX Runtime's profiler{where}: median of {method.iterations} runs, as the session ran"


def _torch_profile(profile: Profile) -> str:
    method = profile.method
    clock = "kernels of each operator" if method.device == "GPU" else "host time of each operator"
    return f"PyTorch's profiler: {clock}, median of {method.iterations} steps"


_TEXTS: dict[Timer, Callable[[Profile], str]] = {
    Timer.TENSORRT: _tensorrt,
    Timer.ONNXRUNTIME: _onnxruntime,
    Timer.TORCH_EVENTS: _torch,
    Timer.TORCH_HOST: _torch,
    Timer.CAFFE_TIME: _caffe,
    Timer.TRTEXEC: _trtexec,
    Timer.TENSORRT_SAMPLE: lambda _: (
        "TensorRT's GoogLeNet sample: mean time of each layer, by IProfiler"
    ),
    Timer.ONNXRUNTIME_PROFILE: _onnxruntime_profile,
    Timer.TORCH_PROFILE: _torch_profile,
    Timer.NSIGHT_SYSTEMS: lambda profile: (
        f"Nsight Systems: mean time of each kernel in {profile.method.iterations} inferences"
    ),
    Timer.TRTEXEC_TIMES: lambda profile: (
        f"trtexec: GPU Compute Time of {profile.method.iterations} inferences, without layers"
    ),
    Timer.RTX_PROVIDER: lambda profile: (
        "ONNX Runtime's TensorRT-RTX provider: TensorRT's profiler in whole microseconds, median "
        f"of {profile.method.iterations} runs"
    ),
    Timer.OTHER: lambda profile: profile.method.note,
}
