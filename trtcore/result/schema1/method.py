"""How a profile was timed and its outputs compared, from the words of version 1."""

from __future__ import annotations

import re

from trtcore.result.records.accuracy import Accuracy, Compared
from trtcore.result.records.method import Method, Statistic, Timer
from trtcore.result.schema1.trees import Rule, first_match

_FITTED = r"(?:, as many iterations as fit ([\d.e+-]+) s, (?:at least (\d+), )?up to (\d+))?"
_TURNS = "the two take turns in rounds"
_PLANS = "; latency in a context of its own that is never profiled; the passes take turns in rounds"


def _tensorrt(sync: str, match: re.Match[str]) -> Method:
    return Method(Timer.TENSORRT, sync=sync, in_python=match[1] == "in Python", inputs=match[2])


def _nodes(timer: Timer, match: re.Match[str], threads: str | None, first: int) -> Method:
    """What was run node by node; ``first`` is the group of the time that was to be filled."""
    seconds, fewest, most = (match[first + i] for i in range(3))
    return Method(
        timer,
        threads=int(threads or 0),
        fit_s=float(seconds or 0),
        fewest=int(fewest or 0),
        most=int(most or 0),
    )


def _torch_gpu(match: re.Match[str]) -> Method:
    seconds, _, most, convolutions, products = match.groups()
    return Method(
        Timer.TORCH_EVENTS,
        fit_s=float(seconds or 0),
        most=int(most or 0),
        tf32_convolutions=convolutions == "TF32",
        tf32_products=products == "TF32",
    )


def _count(text: str) -> int:
    return 0 if text == "all" else int(text)


# ", gated" is matched and not kept: a profile is gated if it has ``gated_ms``.
_METHODS: tuple[Rule[Method], ...] = (
    (
        r"enqueueV3 and synchronise; layers by IProfiler, reported after each iteration "
        rf"\((in Python|native) callbacks(?:, gated)?\); (.*) input{_PLANS}",
        lambda m: _tensorrt("enqueue", m),
    ),
    (
        r"executeV2, synchronous; layers by IProfiler "
        rf"\((in Python|native) callbacks(?:, gated)?\); (.*) input{_PLANS}",
        lambda m: _tensorrt("execute", m),
    ),
    (
        r"un-fused model on the CPU, ONNX Runtime \S+, graph optimisation off, "
        rf"(\d+) threads?{_FITTED}; layers by its own profile in whole microseconds, latency by a "
        rf"session without one; {_TURNS}",
        lambda m: _nodes(Timer.ONNXRUNTIME, m, m[1], 2),
    ),
    (
        rf"un-fused model in PyTorch eager on the CPU, (\d+) threads?{_FITTED}; layers by the host "
        rf"clock around each node, latency in passes without; {_TURNS}",
        lambda m: _nodes(Timer.TORCH_HOST, m, m[1], 2),
    ),
    (
        rf"un-fused model in PyTorch eager on the GPU{_FITTED}; layers by a pair of CUDA events "
        rf"around each node, latency in passes without; {_TURNS}; "
        r"FP32 convolutions run in (TF32|FP32), matrix products in (TF32|FP32)",
        _torch_gpu,
    ),
    (
        r"caffe time(?: on the (.*))?: mean of (\d+|all) iterations, forward pass, every layer "
        r"timed alone",
        lambda m: Method(Timer.CAFFE_TIME, device=m[1] or "", iterations=_count(m[2])),
    ),
    (
        r"trtexec: (median|mean) of (\d+|all) profiled iterations, each layer between two events",
        lambda m: Method(Timer.TRTEXEC, statistic=Statistic(m[1]), iterations=_count(m[2])),
    ),
    (
        r"TensorRT's GoogLeNet sample: mean time of each layer, by IProfiler",
        lambda _: Method(Timer.TENSORRT_SAMPLE),
    ),
)


def method_of(text: str) -> Method:
    """Returns how a profile was timed."""
    return first_match(_METHODS, text) or Method(note=text)


_COMPARED = {
    "the engine": Compared.ENGINE,
    "the graph on the CPU, every value rounded to its type and sums in FP32,": (
        Compared.GRAPH_ON_CPU
    ),
}
_AGAINST = re.compile(
    r"(.*?) against the model in FP32 under ONNX Runtime, (?:random input of seed (-?\d+)|(.*?))"
    r"(?:; weights (.*))?",
    re.DOTALL,
)


def accuracy_of(text: str) -> Accuracy:
    """Returns what outputs were compared with what, without the outputs."""
    match = _AGAINST.fullmatch(text)
    if match is None or match[1] not in _COMPARED:
        return Accuracy((), note=text)
    return Accuracy(
        (),
        _COMPARED[match[1]],
        inputs=match[3] if match[2] is None else "random",
        seed=int(match[2] or 0),
        weights=match[4] or "",
    )
