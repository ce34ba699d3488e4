"""From a model to a plan in the requested precision, and the proof that it has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from trtcore.engine.io_formats import check_engine_formats, check_io_formats, half2_formats
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import BuildOptions, Plan, build_plan
from trtcore.engine.tensorrt.runtime import load_engine
from trtcore.errors import BackendError, EngineLoadError
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_inputs, model_outputs
from trtcore.precision.convert.apply import (
    apply_precision,
    fp32_only_nodes,
    is_mixed,
    kept_nodes,
    own_precision,
)
from trtcore.precision.convert.nodes import quantized_nodes
from trtcore.precision.device import check_device
from trtcore.precision.formats import FORMATS, Precision
from trtcore.precision.request import PrecisionRequest
from trtcore.precision.verify.check import check_rows
from trtcore.result.analysis.requirements import require_met
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.build import PrecisionCheck, PrecisionVerdict
from trtcore.result.records.layers import Layer, LayerProfile
from trtcore.result.records.warnings import RunWarning
from trtcore.system.device import current_device
from trtcore.system.progress import Progress


def settled(request: PrecisionRequest, model: Model) -> PrecisionRequest:
    """The request with a precision in it: the model's own where none was requested."""
    return replace(request, precision=_precision(request, model))


def converted(model: Model, request: PrecisionRequest) -> Model:
    """The model in the requested precision.

    Raises:
        OptionError: an entry of ``keep_fp32`` that matches nothing.
        PrecisionError: the precision cannot be applied.
    """
    return apply_precision(
        model,
        _precision(request, model),
        keep_fp32=request.keep_fp32,
        io_precision=request.io_precision,
    )


def build_engine(
    bindings: Bindings,
    model: Model,
    request: PrecisionRequest,
    options: BuildOptions,
    progress: Progress | None = None,
    watch: Stopwatch | None = None,
) -> Plan:
    """Writes the precision into the graph, builds it, and looks at what the engine really has.

    Args:
        bindings: the TensorRT to build with.
        model: as it was loaded.
        request: the precision to build in; ``tf32`` and ``half2`` are added to the options.
        options: how to build.
        progress: called with the phase, steps done and steps in all.
        watch: counts the time of the conversion and of the build.

    Returns:
        The plan; its ``model`` is the graph it was built from.

    Raises:
        OptionError: a format or node that does not exist.
        PrecisionError: the precision cannot be applied, or the GPU does not have it.
        PrecisionNotMetError: the engine does not have the precision.
        ModelError: TensorRT cannot read the graph.
        BuildError: TensorRT could not build the engine.
    """
    precision = _precision(request, model)
    # Before the conversion, which takes seconds on a large model: the GPU may refuse the precision.
    warning = _device_warning(model, precision)
    watch = watch or Stopwatch()
    with watch.phase(Phase.CONVERT):
        graph = converted(model, request)
    formats = _io_formats(graph, precision, options.io_formats, bindings)
    options = replace(options, tf32=FORMATS[precision].allows_tf32, io_formats=formats)
    with watch.phase(Phase.BUILD):
        plan = _described(bindings, build_plan(bindings, graph, options, progress))
    unconfirmed = check_engine_formats(formats, plan.information.io if plan.information else ())
    return _verified(plan, model, request, filter(None, (warning, unconfirmed)))


def _verified(
    plan: Plan, model: Model, request: PrecisionRequest, warnings: Iterable[RunWarning]
) -> Plan:
    """The plan with its warnings, and with its precision check where its layers are known.

    Raises:
        PrecisionNotMetError: the engine does not have the precision.
    """
    plan = replace(plan, warnings=tuple(warnings))
    if plan.information is None:
        return plan
    # Without rows: before the engine has run, layers count by number and not by time.
    check = check_engine(plan.information.layers, (), model=model, request=request)
    require_met(check)
    return replace(plan, build=replace(plan.build, precision=check))


def check_engine(
    layers: Sequence[Layer],
    rows: Sequence[LayerProfile],
    *,
    model: Model,
    request: PrecisionRequest,
) -> PrecisionCheck:
    """Compares the layers of an engine with what was requested.

    Args:
        layers: as the inspector tells them.
        rows: what each layer cost; none before it ran.
        model: before its precision was changed; one that mixes types by itself, or is quantized,
            is described and not judged.
        request: the precision it was built in.
    """
    precision = _precision(request, model)
    is_its_own = precision is own_precision(model) and is_mixed(model)
    if quantized_nodes(model.proto) or is_its_own:
        return check_rows(layers, rows, "")
    kept = kept_nodes(model, request.keep_fp32)
    check = check_rows(layers, rows, precision.value, kept, fp32_only_nodes(model, precision))
    # Nobody asked for the model's own precision: an engine that has another is what its graph says.
    is_guess = request.precision is None and check.verdict is PrecisionVerdict.NOT_MET
    return check_rows(layers, rows, "") if is_guess else check


def _precision(request: PrecisionRequest, model: Model) -> Precision:
    return request.precision or own_precision(model)


def _device_warning(model: Model, precision: Precision) -> RunWarning | None:
    device = current_device()
    if device is None or quantized_nodes(model.proto):
        return None
    return check_device(precision, device)


def _io_formats(
    graph: Model, precision: Precision, requested: Mapping[str, str], bindings: Bindings
) -> dict[str, str]:
    tensors = (*model_inputs(graph), *model_outputs(graph))
    check_io_formats(requested, tensors, bindings.name, bindings.version)
    layout = FORMATS[precision].io_layout
    if not layout or quantized_nodes(graph.proto):
        return dict(requested)
    return {**half2_formats(tensors, bindings.name, layout), **requested}


def _described(bindings: Bindings, plan: Plan) -> Plan:
    """The plan with what is in it: the builder's word, else what the loaded engine tells."""
    if plan.information is not None or current_device() is None:
        return plan
    try:
        engine = load_engine(bindings, plan.content, "the plan")
    except (EngineLoadError, BackendError):
        return plan
    information = engine.information()
    build = replace(
        plan.build,
        layers=len(information.layers),
        memory=engine.memory,
        hardware_compatibility=engine.hardware_compatibility,
    )
    return replace(plan, information=information, build=build)
