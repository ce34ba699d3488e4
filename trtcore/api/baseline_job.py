"""The un-fused model, timed node by node: what an engine is compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trtcore.api.assemble import model_record, node_profile
from trtcore.api.options.values import Options
from trtcore.api.requests import precision_request
from trtcore.engine.build import converted
from trtcore.errors import ModelError, RunError
from trtcore.measure.nodes.choice import choose_baseline, stand_in
from trtcore.measure.nodes.timers import TIMERS
from trtcore.models.described import describe_inputs
from trtcore.models.model import Model
from trtcore.models.onnx.input_roles import input_roles, make_model_inputs
from trtcore.precision.convert.apply import own_precision
from trtcore.precision.formats import FORMATS, Precision
from trtcore.result.backends import find_backend
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.profile import Profile
from trtcore.result.records.warnings import RunWarning
from trtcore.system.progress import Notify, Progress

if TYPE_CHECKING:
    from trtcore.measure.nodes.run import NodeRun


def profile_unfused(
    model: Model,
    kind: str,
    options: Options,
    progress: Progress | None = None,
    notify: Notify | None = None,
    watch: Stopwatch | None = None,
) -> Profile:
    """Times every node of a model with one of `TIMERS`, such as ONNX Runtime or PyTorch.

    Args:
        model: as it was loaded.
        kind: ``auto`` or a name of `TIMERS`.
        options: precision None is the model's own.
        progress: called with (phase, done, total) after every iteration.
        notify: called with lines a user should see at once.
        watch: counts where the time goes.

    Raises:
        OptionError: an unknown kind, or inputs that do not fit.
        ModelError: the runtime refuses the model.
        PrecisionError: the precision cannot be applied.
        BackendError: PyTorch was requested by name and cannot be imported.
        RunError: the device's memory does not hold the model.
    """
    name, reason = choose_baseline(kind)
    graph, watch = model, watch or Stopwatch()
    if options.precision is not None:
        with watch.phase(Phase.CONVERT):
            graph = converted(model, precision_request(options))
    if TIMERS[name].uses_gpu:
        try:
            with watch.phase(Phase.NODES_ON_GPU):
                node_run = _run(name, graph, options, progress)
            return _profile(model, graph, node_run, options)
        except (ModelError, RunError) as error:
            # `auto` promises a baseline: an operator that PyTorch eager lacks, or a GPU without
            # room for the model, falls back to ONNX Runtime; a timer chosen by name must not.
            if kind != "auto":
                raise
            name, reason = stand_in(), str(error)
    if reason and notify is not None:
        notify(f"{reason}: the baseline is {find_backend(name).label} on the CPU")
    with watch.phase(Phase.NODES):
        node_run = _run(name, graph, options, progress)
    return _profile(model, graph, node_run, options)


def _run(name: str, graph: Model, options: Options, progress: Progress | None) -> NodeRun:
    inputs = make_model_inputs(graph, options.inputs, options.seed)
    timer = TIMERS[name]
    return timer.profile_nodes(graph, inputs, iterations=options.iterations, progress=progress)


def _profile(model: Model, graph: Model, node_run: NodeRun, options: Options) -> Profile:
    """The profile; its rows map to the nodes of the model as it was loaded."""
    precision = options.precision or own_precision(model).value
    # A warning only for a precision that was requested: the model's own needs no excuse.
    kind = FORMATS[Precision(precision)].baseline_warning if options.precision else None
    warnings = () if kind is None else (RunWarning(kind),)
    profile = node_profile(graph, node_run, None, precision, warnings)
    inputs = make_model_inputs(graph, options.inputs, options.seed)
    return replace(
        profile,
        model=replace(model_record(model), notes=graph.notes),
        inputs=describe_inputs(inputs, options.inputs, input_roles(graph)),
    )
