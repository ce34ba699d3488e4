"""From a model to a plan in the precision that was asked for, and the proof that it has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from trtcore.engine.io_formats import check_engine_formats, check_io_formats, half2_formats
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import BuildOptions, Plan, build_plan
from trtcore.engine.tensorrt.runtime import load_engine
from trtcore.errors import EngineLoadError
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
from trtcore.result.readers.inspector import EngineInformation
from trtcore.result.records.build import PrecisionCheck, PrecisionVerdict
from trtcore.result.records.layers import Layer, LayerProfile
from trtcore.result.records.warnings import RunWarning
from trtcore.system.device import current_device
from trtcore.system.progress import Progress


def settled(asked: PrecisionRequest, model: Model) -> PrecisionRequest:
    """The request with a precision in it: the model's own where none was asked for."""
    return replace(asked, precision=_precision(asked, model))


def converted(model: Model, asked: PrecisionRequest) -> Model:
    """The model in the precision that was asked for.

    Raises:
        OptionError: an entry of ``keep_fp32`` that matches nothing.
        PrecisionError: the precision cannot be applied.
    """
    return apply_precision(
        model,
        _precision(asked, model),
        keep_fp32=asked.keep_fp32,
        io_precision=asked.io_precision,
    )


def build_engine(
    bindings: Bindings,
    model: Model,
    asked: PrecisionRequest,
    options: BuildOptions,
    progress: Progress | None = None,
    watch: Stopwatch | None = None,
) -> Plan:
    """Writes the precision into the graph, builds it, and looks at what the engine really has.

    Args:
        bindings: the TensorRT to build with.
        model: as it was loaded.
        asked: the precision to build in; ``tf32`` and ``half2`` are added to the options.
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
    precision = _precision(asked, model)
    # Before the conversion, which takes seconds on a large model: the GPU may refuse the precision.
    warning = _device_warning(model, precision)
    watch = watch or Stopwatch()
    with watch.phase(Phase.CONVERT):
        graph = converted(model, asked)
    formats = _io_formats(graph, precision, options.io_formats, bindings.name)
    options = replace(options, tf32=FORMATS[precision].allows_tf32, io_formats=formats)
    with watch.phase(Phase.BUILD):
        plan = _described(bindings, build_plan(bindings, graph, options, progress))
    unconfirmed = check_engine_formats(formats, plan.information.io if plan.information else ())
    plan = replace(plan, warnings=tuple(filter(None, (warning, unconfirmed))))
    if plan.information is None:
        return plan
    # Without rows: before the engine has run, layers count by number and not by time.
    check = check_engine(plan.information.layers, (), model=model, asked=asked)
    require_met(check)
    return replace(plan, build=replace(plan.build, precision=check))


def check_engine(
    layers: Sequence[Layer],
    rows: Sequence[LayerProfile],
    *,
    model: Model,
    asked: PrecisionRequest,
) -> PrecisionCheck:
    """Compares the layers of an engine with what was asked for.

    Args:
        layers: as the inspector tells them.
        rows: what each layer cost; none before it ran.
        model: before its precision was changed; one that mixes types by itself, or is quantized,
            is described and not judged.
        asked: the precision it was built in.
    """
    precision = _precision(asked, model)
    is_its_own = precision is own_precision(model) and is_mixed(model)
    if quantized_nodes(model.proto) or is_its_own:
        return check_rows(layers, rows, "")
    kept = kept_nodes(model, asked.keep_fp32)
    check = check_rows(layers, rows, precision.value, kept, fp32_only_nodes(model, precision))
    # Nobody asked for the model's own precision: an engine that has another is what its graph says.
    is_guess = asked.precision is None and check.verdict is PrecisionVerdict.NOT_MET
    return check_rows(layers, rows, "") if is_guess else check


def _precision(asked: PrecisionRequest, model: Model) -> Precision:
    return asked.precision or own_precision(model)


def _device_warning(model: Model, precision: Precision) -> RunWarning | None:
    device = current_device()
    if device is None or quantized_nodes(model.proto):
        return None
    return check_device(precision, device)


def _io_formats(
    graph: Model, precision: Precision, asked: Mapping[str, str], backend: str
) -> dict[str, str]:
    tensors = (*model_inputs(graph), *model_outputs(graph))
    check_io_formats(asked, tensors)
    layout = FORMATS[precision].io_layout
    if not layout or quantized_nodes(graph.proto):
        return dict(asked)
    return {**half2_formats(tensors, backend, layout), **asked}


def _described(bindings: Bindings, plan: Plan) -> Plan:
    """The plan with what is in it: the builder's word, else what the loaded engine tells."""
    if plan.information is not None or current_device() is None:
        return plan
    information = _loaded_information(bindings, plan)
    layers = len(information.layers) if information else 0
    return replace(plan, information=information, build=replace(plan.build, layers=layers))


def _loaded_information(bindings: Bindings, plan: Plan) -> EngineInformation | None:
    try:
        return load_engine(bindings, plan.content, "the plan").information()
    except EngineLoadError:
        return None
