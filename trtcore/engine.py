"""From a model to a plan in the precision that was asked for, and the proof that it has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from trtcore.backends.tensorrt.bindings import Bindings
from trtcore.backends.tensorrt.builder import BuildOptions, Plan, build_plan
from trtcore.backends.tensorrt.runtime import load_engine
from trtcore.device import current_device
from trtcore.errors import EngineLoadError
from trtcore.inspector import EngineInformation
from trtcore.io_format import check_engine_formats, check_io_formats, half2_formats
from trtcore.models import Model, model_inputs, model_outputs
from trtcore.options import Options
from trtcore.precision import Precision, apply_precision, kept_nodes, own_precision
from trtcore.precision_check import PrecisionCheck, check_rows
from trtcore.precision_device import check_device
from trtcore.precision_source import quantized_nodes
from trtcore.result import Layer, LayerProfile

Progress = Callable[[str, int, int], None]


def with_precision(asked: Options, model: Model) -> Options:
    """The options with the precision in them: the model's own where none was asked for."""
    return replace(asked, precision=_precision(asked, model).value)


def converted(model: Model, asked: Options) -> Model:
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
    bindings: Bindings, model: Model, asked: Options, progress: Progress | None = None
) -> Plan:
    """Writes the precision into the graph, builds it, and looks at what the engine really has.

    Returns:
        The plan; its ``model`` is the graph it was built from.

    Raises:
        OptionError: a format or node that does not exist.
        PrecisionError: the precision cannot be applied, or the GPU does not have it.
        PrecisionNotMetError: the engine does not have the precision.
        ModelError: TensorRT cannot read the graph.
        BuildError: TensorRT could not build the engine.
    """
    asked = with_precision(asked, model)
    warning = _device_warning(model, asked)
    graph = converted(model, asked)
    formats = _io_formats(graph, asked, bindings.name)
    plan = build_plan(bindings, graph, _build_options(asked, formats), progress)
    plan = _described(bindings, plan)
    unconfirmed = check_engine_formats(formats, plan.information.io if plan.information else ())
    plan = replace(plan, warnings=tuple(filter(None, (warning, unconfirmed))))
    if plan.information is None:
        return plan
    check = check_engine(plan.information.layers, (), model=model, asked=asked)
    check.require()
    return replace(plan, build=check.recorded(plan.build))


def check_engine(
    layers: Sequence[Layer],
    rows: Sequence[LayerProfile],
    *,
    model: Model,
    asked: Options,
) -> PrecisionCheck:
    """Compares the layers of an engine with what was asked for.

    Args:
        layers: as the inspector tells them.
        rows: what each layer cost; none before it ran.
        model: before its precision was changed.
        asked: the options it was built with.
    """
    if quantized_nodes(model.proto):
        return check_rows(layers, rows, "")
    kept = kept_nodes(model, asked.keep_fp32)
    return check_rows(layers, rows, _precision(asked, model).value, kept)


def _precision(asked: Options, model: Model) -> Precision:
    return Precision(asked.precision) if asked.precision else own_precision(model)


def _device_warning(model: Model, asked: Options) -> str:
    device = current_device()
    if device is None or quantized_nodes(model.proto):
        return ""
    return check_device(Precision(asked.precision), device)


def _io_formats(graph: Model, asked: Options, backend: str) -> dict[str, str]:
    tensors = (*model_inputs(graph), *model_outputs(graph))
    check_io_formats(asked.io_formats, tensors)
    if asked.precision != Precision.HALF2.value or quantized_nodes(graph.proto):
        return dict(asked.io_formats)
    return {**half2_formats(tensors, backend), **asked.io_formats}


def _build_options(asked: Options, formats: Mapping[str, str]) -> BuildOptions:
    workspace = asked.workspace_mib
    return BuildOptions(
        workspace_bytes=None if workspace is None else workspace << 20,
        max_aux_streams=0 if asked.serial else None,
        tf32=asked.precision == Precision.TF32.value,
        io_formats=formats,
        use_cache=asked.use_cache,
    )


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
