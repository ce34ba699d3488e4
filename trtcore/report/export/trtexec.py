"""The files that trtexec writes, so that tools which read those can read a profile of ours.

Source: sampleReporting.cpp of NVIDIA/TensorRT (8.4 to 11.1) for the profile and the times,
``IEngineInspector::getEngineInformation`` for the layers. Unlike trtexec's, the text is always
valid JSON: names are escaped and a total of zero gives a share of 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from trtcore.report.export.timeline import (
    Iteration,
    iterations_left_out,
    unprofiled_iterations,
)
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.summary import profiled_iterations
from trtcore.result.records.layers import IOTensor, Layer, TensorInfo
from trtcore.result.records.profile import Profile
from trtcore.result.types.dtypes import inspector_name

# Between the nodes of a layer in the metadata that TensorRT's own ONNX parser writes.
_UNIT_SEPARATOR = "\x1f"
# The default precision of C++ streams, with which trtexec writes its figures.
_SIGNIFICANT = 6


def export_profile(result: Profile | Analysis) -> str:
    """Returns what ``trtexec --exportProfile`` writes: the times of each layer.

    Rows have exactly trtexec's five keys, as its readers tell rows from the header by their
    number. A repeated layer name gets ``_2`` and so on, because readers find layers by name.
    """
    analysis = Analysis.of(result)
    profile, layers = analysis.profile, analysis.rows
    iterations = profiled_iterations(profile)
    total = sum(layer.mean_ms for layer in layers) if iterations else 0.0
    rows = [
        {
            "name": name,
            "timeMs": _number(layer.mean_ms * iterations if iterations else 0.0),
            "averageMs": _number(layer.mean_ms if iterations else 0.0),
            "medianMs": _number(layer.median_ms if iterations else 0.0),
            "percentage": _number(layer.mean_ms / total * 100 if total else 0.0),
        }
        for name, layer in zip(_unique_names(profile.layers), layers, strict=True)
    ]
    return _as_rows([{"count": iterations}, *rows])


def export_times(result: Profile | Analysis) -> str:
    """Returns what ``trtexec --exportTimes`` writes: one record per un-profiled iteration.

    A streamed run has its last iterations only, which the format has no field for.

    The iterations follow each other without a gap, each with its GPU time at its end. Unlike
    trtexec's, the host and GPU times of a record come from different iterations, see
    `trtcore.report.export.timeline`: enqueue and compute times are as measured, and a record lasts
    as long as it needs for both. An iteration without GPU events computes all the time. Inputs and
    outputs stay on the device, so their transfers take no time, and the latency is the compute
    time, as trtexec defines it.
    """
    return _as_rows(map(_time_record, unprofiled_iterations(Analysis.of(result).profile.samples)))


def times_left_out(result: Profile | Analysis) -> str:
    """Returns which iterations of a streamed run `export_times` writes; ``""`` for other runs."""
    return iterations_left_out(Analysis.of(result).profile.samples)


def export_layer_info(result: Profile | Analysis, as_list: bool = False) -> str:
    """Returns what ``trtexec --exportLayerInfo`` writes: the layers with their formats and tactics.

    Has the keys of both the inspector's older form (``Bindings``, ``Format/Datatype``) and its
    newer one (``I/O Tensors``, ``Format``, ``Datatype``), and the names of `export_profile`.

    Args:
        result: the profile, or its analysis.
        as_list: only the list of layers, for readers that want no object around it.
    """
    profile = Analysis.of(result).profile
    verbosity = profile.build.verbosity if profile.build else "DETAILED"
    names = _unique_names(profile.layers)
    layers: list[Any] = list(names)
    if verbosity == "DETAILED":
        layers = [_layer(layer, name) for layer, name in zip(profile.layers, names, strict=True)]
    whole = {
        "ProfilingVerbosity": verbosity,
        "Layers": layers,
        "Bindings": [tensor.name for tensor in profile.io],
        "I/O Tensors": [_io_tensor(tensor) for tensor in profile.io],
    }
    return json.dumps(layers if as_list else whole, indent=1) + "\n"


def export_layer_list(result: Profile | Analysis) -> str:
    """Returns `export_layer_info` as a bare list, as NVIDIA's trt-perf-analysis reads it.

    With `export_profile` it has what that needs: the same names in both, each once.
    """
    return export_layer_info(result, as_list=True)


def _time_record(iteration: Iteration) -> dict[str, Any]:
    begin, end, compute = iteration.compute_start_ms, iteration.end_ms, iteration.compute_ms
    times = {
        "startEnqMs": iteration.start_ms,
        "endEnqMs": iteration.start_ms + iteration.enqueue_ms,
        "startH2dMs": begin,
        "endH2dMs": begin,
        "startComputeMs": begin,
        "endComputeMs": end,
        "startD2hMs": end,
        "endD2hMs": end,
        "h2dMs": 0.0,
        "computeMs": compute,
        "d2hMs": 0.0,
        "latencyMs": compute,
    }
    return {key: _number(ms) for key, ms in times.items()}


def _layer(layer: Layer, name: str) -> dict[str, Any]:
    return {
        "Name": name,
        "LayerType": layer.kind,
        "Inputs": [_tensor(tensor) for tensor in layer.inputs],
        "Outputs": [_tensor(tensor) for tensor in layer.outputs],
        "TacticName": layer.tactic,
        "StreamId": max(layer.stream, 0),
        "Metadata": _UNIT_SEPARATOR.join(f"[ONNX Layer: {node}]" for node in layer.nodes),
    }


def _tensor(tensor: TensorInfo) -> dict[str, Any]:
    return {
        "Name": tensor.name,
        "Dimensions": list(tensor.shape),
        "Format/Datatype": inspector_name(tensor.dtype),
        "Datatype": inspector_name(tensor.dtype),
        "Format": tensor.format,
    }


def _io_tensor(tensor: IOTensor) -> dict[str, Any]:
    return {
        "Name": tensor.name,
        "IOMode": tensor.mode.capitalize(),
        "DataType": inspector_name(tensor.dtype),
        "Dimensions": list(tensor.shape),
        "ProfileInfo": [{"Format": tensor.format}],
    }


def _unique_names(layers: Iterable[Layer]) -> tuple[str, ...]:
    names = [layer.name for layer in layers]
    # A number must not make a name that another layer has already: `a`, `a`, `a_2`.
    taken, unique = set(names), []
    used: set[str] = set()
    for name in names:
        free = (f"{name}_{i}" for i in count(2) if f"{name}_{i}" not in taken)
        unique.append(next(free) if name in used else name)
        used.add(name)
        taken.add(unique[-1])
    return tuple(unique)


def _number(value: float) -> float:
    return float(f"{value:.{_SIGNIFICANT}g}")


def _as_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Lays rows out as trtexec does: a list with one object to a line."""
    lines = (json.dumps(row, separators=(", ", " : "))[1:-1] for row in rows)
    return "[\n  " + "\n, ".join(f"{{ {line} }}" for line in lines) + "\n]\n"
