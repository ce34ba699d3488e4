"""Every model that the onnx package defines, taken through trtcore: what works, what is refused."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto

from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.errors import TrtcoreError
from trtcore.measure.nodes.onnxruntime.profile import profile_nodes, run_model
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.input_roles import make_model_inputs
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.convert.apply import apply_precision

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
WORKS = "works"
SAMPLE = 10
"""One model in so many is built in every run: a build takes a hundred times as long as the rest."""
STEPS = (
    "load",
    "cpu",
    "fp16",
    "bf16",
    "fp16 accuracy",
    "bf16 accuracy",
    "build own",
    "build fp16",
    "build bf16",
)
# The bound of an FP16 network's outputs against FP32, relative L2.
MOST_ERROR = 1e-2


def node_models() -> Iterator[tuple[str, ModelProto]]:
    """The models of ONNX's node tests, by name."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # The cases compute their expected outputs, with overflows on purpose.
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    for case in sorted(cases, key=lambda case: case.name):
        if case.model is not None:
            yield case.name, case.model


def file_models() -> Iterator[tuple[str, ModelProto]]:
    """The models that the package has as files: PyTorch's operators and modules, simple ones."""
    for kind in ("pytorch-converted", "pytorch-operator", "simple"):
        for path in sorted((DATA / kind).glob("*/model.onnx")):
            yield path.parent.name, onnx.load(path)


def light_models() -> Iterator[tuple[str, ModelProto]]:
    """Whole networks whose weights the graph makes itself."""
    for path in sorted((DATA / "light").glob("*.onnx")):
        yield path.stem, onnx.load(path)


def outcomes(proto: ModelProto, bindings: Bindings | None = None) -> dict[str, str]:
    """What becomes of a model at each step: ``works``, or the refusal in words."""
    found: dict[str, str] = {}
    model = _step(found, "load", lambda: load_model(proto))
    if model is None:
        return found
    _step(found, "cpu", lambda: _profiled(model))
    half = _step(found, "fp16", lambda: apply_precision(model, "fp16"))
    brain = _step(found, "bf16", lambda: apply_precision(model, "bf16"))
    for name, graph in (("fp16", half), ("bf16", brain)):
        if graph is not None and found["cpu"] == WORKS:
            _step(found, f"{name} accuracy", lambda graph=graph: _accurate(model, graph))
    if bindings is not None:
        for precision in (None, "fp16", "bf16"):
            options = Options(use_cache=False, precision=precision)
            name = f"build {precision or 'own'}"
            _step(found, name, lambda options=options: build_as_requested(bindings, model, options))
    return found


def _step(found: dict[str, str], name: str, run: Callable[[], Any]) -> Any:
    try:
        result = run()
    except TrtcoreError as error:
        found[name] = _words(error)
        return None
    except Exception as error:
        found[name] = f"TRACEBACK {type(error).__name__}: {error}"
        return None
    found[name] = result if isinstance(result, str) else WORKS
    return result


def _profiled(model: Model) -> None:
    profile_nodes(model, make_model_inputs(model), iterations=1, threads=1)


def _accurate(model: Model, graph: Model) -> str:
    accuracy = Reference(model, run_model, threads=1).of_graph(graph)
    worst = max((output.relative_l2 for output in accuracy.outputs), default=0.0)
    lost = ", ".join(one.obstacle.value for one in accuracy.not_compared)
    # Without the figure: it is another on every machine.
    return f"not compared: {lost}" if lost else WORKS if not worst > MOST_ERROR else "differs"


def _words(error: Exception) -> str:
    """A refusal in words that are the same on every machine and for every version of a library."""
    text = re.sub(r"TensorRT-RTX [\d.]+", "TensorRT-RTX", " ".join(str(error).split()))
    return f"{type(error).__name__}: {text}"


def read_table(path: Path) -> dict[str, dict[str, str]]:
    """The recorded outcomes, by model and step; what was not recorded is not there."""
    if not path.is_file():
        return {}
    lines = path.read_text().splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]
    return {row.pop("model"): {step: text for step, text in row.items() if text} for row in rows}


def record(path: Path, found: dict[str, dict[str, str]]) -> None:
    """Writes outcomes into the table; those of other models and steps stay."""
    table = read_table(path)
    for name, steps in found.items():
        table[name] = {**table.get(name, {}), **steps}
    lines = ["\t".join(("model", *STEPS))]
    lines += [
        "\t".join((name, *(steps.get(step, "") for step in STEPS)))
        for name, steps in sorted(table.items())
    ]
    path.write_text("\n".join(lines) + "\n")
