"""How cost grows with layers, iterations and model size: exponents of fitted powers."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from fake_engine import FakeEngine
from harness import Benchmark, Goal, Measured, exponent, interleave, main, milliseconds
from onnx import TensorProto, helper, numpy_helper
from sample_profiles import chain_profile, layer_times, random_profile, streamed

from trtcore.compare.profiles import compare_profiles
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.precision.convert.apply import apply_precision
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.fusion.groups import map_fusion
from trtcore.result.analysis.summary import summarise_layers
from trtcore.result.readers.inspector.inspector import match_layers, parse_engine_information
from trtcore.result.records.samples import Samples
from trtcore.result.saved import dump_profile, parse_profile

LAYERS = (50, 206, 1000, 5000)
ITERATIONS = (1_000, 10_000, 100_000, 1_000_000)
NODES = (10, 50, 200, 1000, 2000)

# Fixed costs dominate smaller sizes, which would lower the exponent.
RULED_BY_SIZE = 200

Works = dict[str, Callable[[], object]]


def chain_model(nodes: int) -> onnx.ModelProto:
    """Returns a chain of 1x1 convolutions and activations over 8 channels."""
    weights = numpy_helper.from_array(np.ones((8, 8, 1, 1), np.float32) / 8, "w")
    chain = [
        helper.make_node(
            ("Conv", "Relu")[i % 2],
            [f"t{i - 1}" if i else "x", *(["w"] if i % 2 == 0 else [])],
            [f"t{i}"],
            name=f"block{i // 10}/node{i}",
        )
        for i in range(nodes)
    ]
    shape = [1, 8, 16, 16]
    graph = helper.make_graph(
        chain,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(f"t{nodes - 1}", TensorProto.FLOAT, shape)],
        [weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def engine_tree(nodes: int) -> dict[str, Any]:
    """Returns the inspector's output for an engine in which each layer is two of the nodes."""
    tensor = {"Dimensions": [1, 8, 16, 16], "Format/Datatype": "Half"}
    layers = [
        {
            "Name": f"node{i} + node{i + 1}",
            "LayerType": "kgen",
            "Inputs": [{"Name": f"t{i - 1}", **tensor}],
            "Outputs": [{"Name": f"t{i + 1}", **tensor}],
            "TacticName": f"tactic_{i}",
            "StreamId": 0,
            "Metadata": f"[ONNX Layer: block{i // 10}/node{i}]\x1f"
            f"[ONNX Layer: block{i // 10}/node{i + 1}]",
        }
        for i in range(0, nodes, 2)
    ]
    return {"Layers": layers, "Bindings": ["t-1", f"t{nodes - 1}"]}


def by_layers(layers: int) -> Works:
    engines = [FakeEngine.of(layers), FakeEngine.of(layers)]
    recorders = [engine.recorder() for engine in engines]
    recorders[0].reserve(20_000)
    recorders[1].stream(1_024)
    profile = random_profile(500, layers)
    return {
        "record, matrix": partial(engines[0].run, recorders[0], 200),
        "record, stream": partial(engines[1].run, recorders[1], 200),
        "summarise": partial(summarise_layers, profile),
        "summarise, streamed": partial(summarise_layers, streamed(profile)),
    }


def by_iterations(iterations: int) -> Works:
    engine = FakeEngine.of(206)
    recorder = engine.recorder()
    recorder.stream(1_024)
    profile = chain_profile(Samples(layer_times(iterations, 8), np.empty(0, np.float32)))
    return {
        "record, stream": partial(engine.run, recorder, iterations),
        "summarise 8 layers": partial(summarise_layers, profile),
    }


def by_nodes(nodes: int, folder: Path) -> Works:
    path = folder / f"chain{nodes}.onnx"
    path.write_bytes(chain_model(nodes).SerializeToString())
    model: Model = load_model(path)
    tree = json.dumps(engine_tree(nodes))
    information = parse_engine_information(tree)
    names = [layer.name for layer in information.layers]
    base, new = (random_profile(200, nodes // 2, seed) for seed in (0, 9))
    saved = dump_profile(base)
    return {
        "import": partial(load_model, path),
        "FP16 conversion": partial(apply_precision, model, "fp16"),
        "build bookkeeping": lambda: match_layers(parse_engine_information(tree).layers, names),
        "fusion map": partial(map_fusion, base),
        "compare": partial(compare_profiles, base, new),
        "report": partial(render_table, base),
        "save": partial(dump_profile, base),
        "load": partial(parse_profile, saved),
    }


def grow(
    unit: str, sizes: tuple[int, ...], works_of: Callable[[int], Works], rounds: int
) -> dict[str, float]:
    """Returns the time of every work at every size, and its exponent over the larger ones."""
    times: dict[str, dict[int, float]] = {}
    for size in sizes:
        works = works_of(size)
        arms = {name: partial(milliseconds, work, time.thread_time) for name, work in works.items()}
        for name, ms in interleave(arms, rounds).items():
            times.setdefault(name, {})[size] = ms
    figures = {
        f"{name}, {size:,} {unit}, ms": ms
        for name, by_size in times.items()
        for size, ms in by_size.items()
    }
    return figures | {
        exponent_name(name, unit): _exponent(by_size) for name, by_size in times.items()
    }


def _exponent(times: Mapping[int, float]) -> float:
    large = {size: ms for size, ms in times.items() if size >= RULED_BY_SIZE}
    return exponent(large, large.values())


def exponent_name(name: str, unit: str) -> str:
    return f"exponent: {name}, by {unit}"


def measure(quick: bool) -> Measured:
    rounds = 3 if quick else 7
    figures = grow("layers", LAYERS[:3] if quick else LAYERS, by_layers, rounds)
    figures |= grow("iterations", ITERATIONS[:2] if quick else ITERATIONS, by_iterations, 3)
    with tempfile.TemporaryDirectory() as folder:
        sizes = NODES[:4] if quick else NODES
        figures |= grow("nodes", sizes, partial(by_nodes, folder=Path(folder)), rounds)
    return Measured(figures)


KINDS = {
    "layers": ("record, matrix", "record, stream", "summarise", "summarise, streamed"),
    "iterations": ("record, stream", "summarise 8 layers"),
    "nodes": (
        "import",
        "FP16 conversion",
        "build bookkeeping",
        "fusion map",
        "compare",
        "report",
        "save",
        "load",
    ),
}
GOALS = tuple(
    Goal(exponent_name(name, unit), 1.2, exponent_name(name, unit))
    for unit, names in KINDS.items()
    for name in names
)

if __name__ == "__main__":
    main(
        Benchmark(
            title="Cost as the work grows",
            method=(
                "Processor time in warm processes; exponents of a power fitted to sizes of "
                f"{RULED_BY_SIZE} and more, where 1 is linear. Layers record 200 iterations and "
                "summarise 500; nodes are a chain of convolutions and activations."
            ),
            measure=measure,
            goals=GOALS,
        )
    )
