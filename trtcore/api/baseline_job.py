"""The un-fused model, timed node by node: what an engine is compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trtcore.api.assemble import model_record, node_profile
from trtcore.api.options import Options
from trtcore.api.requests import precision_request
from trtcore.engine.build import converted
from trtcore.errors import ModelError, RunError
from trtcore.measure.nodes.choice import choose_baseline
from trtcore.models.model import Model
from trtcore.models.onnx.input_roles import make_model_inputs
from trtcore.precision.convert.apply import own_precision
from trtcore.result.records import Profile
from trtcore.system.progress import Notify, Progress

if TYPE_CHECKING:
    from trtcore.measure.nodes.run import NodeRun


_NOT_HERE = {
    "tf32": "TF32 is not chosen here but in PyTorch; the model is in FP32",
    "half2": "there are no vectorised formats here: this is FP16",
}


def profile_unfused(
    model: Model,
    kind: str,
    asked: Options,
    progress: Progress | None = None,
    notify: Notify | None = None,
) -> Profile:
    """Times every node of a model with ONNX Runtime or PyTorch.

    Args:
        model: as it was loaded.
        kind: ``auto``, ``onnxruntime`` or ``torch``.
        asked: its precision None is the model's own.
        progress: called with (phase, done, total) after every iteration.
        notify: called with lines a user should see at once.

    Raises:
        OptionError: an unknown kind, or inputs that do not fit.
        ModelError: the runtime refuses the model.
        PrecisionError: the precision cannot be applied.
        BackendError: PyTorch was asked for by name and cannot be imported.
        RunError: the device's memory does not hold the model.
    """
    name, reason = choose_baseline(kind)
    graph = model if asked.precision is None else converted(model, precision_request(asked))
    if name == "torch":
        try:
            return _profile(model, graph, _run_torch(graph, asked, progress), asked)
        except (ModelError, RunError) as error:
            if kind != "auto":
                raise
            reason = str(error)
    if reason and notify is not None:
        notify(f"{reason}: the baseline is ONNX Runtime on the CPU")
    return _profile(model, graph, _run_onnxruntime(graph, asked, progress), asked)


def _run_torch(graph: Model, asked: Options, progress: Progress | None) -> NodeRun:
    from trtcore.measure.nodes.torch.eager import profile_nodes

    inputs = make_model_inputs(graph, asked.inputs, asked.seed)
    return profile_nodes(graph, inputs, iterations=asked.iterations, progress=progress)


def _run_onnxruntime(graph: Model, asked: Options, progress: Progress | None) -> NodeRun:
    from trtcore.measure.nodes.onnxruntime.profile import profile_nodes

    inputs = make_model_inputs(graph, asked.inputs, asked.seed)
    return profile_nodes(graph, inputs, iterations=asked.iterations, progress=progress)


def _profile(model: Model, graph: Model, node_run: NodeRun, asked: Options) -> Profile:
    """The profile; its rows lead back to the model as it was loaded."""
    precision = asked.precision or own_precision(model).value
    warnings = tuple(words for name, words in _NOT_HERE.items() if name == asked.precision)
    profile = node_profile(graph, node_run, None, precision, warnings)
    return replace(profile, model=replace(model_record(model), notes=graph.notes))
