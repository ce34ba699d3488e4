"""Peaks of a GPU: engines of one layer, built and run as the network itself was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from trtcore.engine.build import build_engine
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import BuildOptions
from trtcore.errors import RunError
from trtcore.measure.engine_runs.engines import run_engines
from trtcore.measure.engine_runs.records import EngineRun, PlanToRun, RunOptions
from trtcore.measure.engine_runs.rounds import RunLength
from trtcore.measure.length.warmup import WarmUpRule
from trtcore.models.builtin.peaks import QUANTIZED_TYPES, copy, product
from trtcore.models.fitting import Array
from trtcore.models.inputs import make_inputs
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_inputs
from trtcore.precision.request import Precision, PrecisionRequest
from trtcore.system.clocks import ClockMonitor
from trtcore.system.progress import Progress

BANDWIDTH = "bandwidth"
"""The name of the copy among the figures; the others are types."""

_PHASE = "measuring the GPU's peaks"
# Large enough to fill every GPU for longer than its start: 0.55 TFLOP take 0.56 ms at the 989
# TFLOP/s of an H200's data sheet in FP16, and a quarter of them 2 ms at its 67 TFLOP/s in FP32.
# Larger ones take more memory and time, and no more of the GPU.
_ROWS = {"fp32": 4096, "tf32": 8192, "fp16": 8192, "bf16": 8192, "fp8": 8192, "int8": 8192}
_INNER = 4096
# 256 MiB read and as many written: five times the largest L2 cache (50 MiB on H100 and H200).
_COPIED = 64 << 20
_ITERATIONS = 30
# Longer than any tile of a product, and prime, so that no two tiles nearby hold the same values.
_DRAWN = 1_000_003
# The network has brought the clocks up: the engines only have to be run in.
_BRIEF = WarmUpRule(least_ms=50.0, window=16, window_ms=25.0, at_most_ms=500.0)


def engine_peaks(
    bindings: Bindings,
    names: Iterable[str],
    progress: Progress | None = None,
    *,
    use_cache: bool = True,
) -> Iterator[tuple[str, float]]:
    """Measures figures one after the other, so that no more memory is taken than one needs.

    Args:
        bindings: the TensorRT to run.
        names: types of products, and `BANDWIDTH`.
        progress: called with the phase, figures done and figures in all.
        use_cache: as for `RunOptions`.

    Yields:
        Each name and its rate: TFLOP/s of a product, GB/s of a copy.

    Raises:
        TrtcoreError: an engine cannot be built or run.
        KeyboardInterrupt: Ctrl-C.
    """
    wanted = list(names)
    for done, name in enumerate(wanted):
        if progress is not None:
            progress(_PHASE, done, len(wanted))
        yield name, _rate(name, _shortest_ms(_run(bindings, name, use_cache=use_cache)))


def _run(bindings: Bindings, name: str, *, use_cache: bool) -> EngineRun:
    model, precision = _network(name)
    options = BuildOptions(max_aux_streams=0, use_cache=use_cache)
    plan = build_engine(bindings, model, PrecisionRequest(precision), options)
    length = RunOptions(
        RunLength(_ITERATIONS, only_layers=True), inputs=_inputs(plan.model), use_cache=use_cache
    )
    with ClockMonitor() as monitor:
        waiting = PlanToRun(plan.content, "peak", monitor, warm_up=_BRIEF)
        (ran,) = run_engines(bindings, [waiting], length)
    ran.run.whole()
    return ran


def _inputs(model: Model) -> dict[str, Array]:
    """Random values, drawn once and repeated to fill the inputs.

    As random as any to what switches bits, and so draws power; to draw all of them takes seconds.
    """
    specs = model_inputs(model)
    drawn = make_inputs([replace(spec, shape=(_DRAWN,)) for spec in specs])
    return {spec.name: np.resize(drawn[spec.name], spec.shape) for spec in specs}


def _network(name: str) -> tuple[Model, Precision | None]:
    if name == BANDWIDTH:
        return copy(_COPIED), Precision.FP32
    model = product(_ROWS[name], _INNER, name)
    # FP32 graphs with the flag are TF32; the graph's own types say the rest.
    return model, None if name in QUANTIZED_TYPES else Precision(name)


def _shortest_ms(ran: EngineRun) -> float:
    """The shortest iteration: a peak is what the device can do."""
    samples: Mapping[str, object] = vars(ran.run.samples)
    for series in ("gated_ms", "profiled_gpu_ms"):
        times = samples[series]
        if getattr(times, "size", 0):
            return float(times.min())  # type: ignore[attr-defined]
    raise RunError("the peaks were not measured: no iteration was timed on the GPU")


def _rate(name: str, ms: float) -> float:
    if name == BANDWIDTH:
        return 2 * 4 * _COPIED / ms / 1e6
    return 2 * _ROWS[name] ** 2 * _INNER / ms / 1e9
