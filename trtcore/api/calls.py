"""What other tools call: profile a model or a plan, build an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trtcore.api.options.declaring import BASELINE, BUILD, COMPARISON, MODEL, PLAN
from trtcore.api.options.values import check_argument, read_options
from trtcore.api.sources import check_timing, load_plugins, load_source, plan_runner, read_plan
from trtcore.errors import BackendError, argument
from trtcore.result.analysis.failures import require_whole
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.build import Build
from trtcore.result.records.layers import Layer, LayerProfile, ModelRecord
from trtcore.result.records.profile import Profile
from trtcore.system.lazy import lazily
from trtcore.system.progress import Notify, Progress

if TYPE_CHECKING:
    from trtcore.compare.precisions.comparison import PrecisionComparison
    from trtcore.engine.tensorrt.builder import Plan
    from trtcore.result.readers.inspector.inspector import EngineInformation
    from trtcore.result.records.build import PrecisionCheck

# A run without a comparison of outputs needs no ONNX Runtime, which takes a moment to import.
_run_model = lazily("trtcore.measure.nodes.onnxruntime.profile", "run_model")


def profile_model(
    model: Any,
    *,
    weights: str | Path | None = None,
    outputs: Sequence[str] = (),
    keep_plan: Callable[[bytes], None] | None = None,
    progress: Progress | None = None,
    notify: Notify | None = None,
    **options: Any,
) -> Profile:
    """Builds a model with TensorRT and profiles it layer by layer.

    Without a usable GPU, backend ``auto`` still builds the engine where TensorRT-RTX is installed,
    and profiles the un-fused model in its own precision on the CPU; ``notify`` and the profile's
    warnings say why.

    Args:
        model: ``googlenet``, a path to a model, an ``onnx.ModelProto`` or a `Model`; or a function
            that returns what `load_model` did, so that several calls share one: the options'
            ``batch`` and ``shapes`` are in it already.
        weights: the ``.caffemodel`` of a Caffe model.
        outputs: blobs to take as outputs of a Caffe model.
        keep_plan: called with the plan once it is built, so that a failing run does not lose it.
        progress: called with the phase, steps done and steps in all.
        notify: called with lines a user should see at once.
        **options: those of `Options`: ``backend``, ``precision``, ``batch`` and so on.

    Returns:
        The profile. After Ctrl-C it holds what was measured, and ``counts.interrupted`` is true.
        ``accuracy`` is there if ``accuracy`` or ``tolerance`` was requested.

    Raises:
        OptionError: an option makes no sense.
        ModelError: the model cannot be read or is not supported.
        PrecisionError: the precision cannot be applied.
        PrecisionNotMetError: the engine does not have the precision, by number of layers: raised
            before anything is measured. With ``tolerance`` also if it does not have it by time, or
            an output exceeds the tolerance: the profile is then the error's ``result``.
        NotJudgedError: ``tolerance`` cannot be checked, as outputs are zero in FP32 or too small
            for the precision; with the same ``result``.
        BackendError: the requested backend cannot be used here.
        BuildError: TensorRT could not build the engine.
        EngineLoadError: the TensorRT requested by name does not support this GPU.
        RunError: the run failed. What was measured before an error of CUDA or TensorRT ended it is
            the error's ``result``.
    """
    # What is cheap to refuse comes first: a model can take minutes to load and to build.
    request, watch = read_options(options, MODEL), Stopwatch()
    with watch.phase(Phase.START):
        from trtcore.api.engine_job import Job
        from trtcore.api.peaks_step import with_peaks
        from trtcore.api.requests import with_precision
        from trtcore.engine.choice import choose_backend
        from trtcore.measure.memory.readings import MemoryLog
        from trtcore.precision.accuracy.reference import Reference
        from trtcore.result.analysis.requirements import require_precision

        choice = choose_backend(request.backend)
        log = None if choice.bindings is None else MemoryLog.begun()
    check_timing(request, choice)
    if choice.bindings is None and keep_plan is not None:
        reason = choice.reason or f"backend {choice.name} runs the model as it is"
        raise BackendError(f"no engine is built here that could be kept: {reason}")
    # Before the build, whose ONNX parser finds the plugins' operators in TensorRT's registry.
    load_plugins(request.plugins, choice.bindings)
    with watch.phase(Phase.LOAD):
        loaded = load_source(model, weights, outputs, request)
    reference = Reference(loaded, _run_model, request.inputs, request.seed)
    own = request.precision is None
    settled = with_precision(request, loaded)
    job = Job(loaded, settled, reference, progress, notify, watch, is_own=own, log=log)
    profile = with_peaks(job.profile(choice, keep_plan), request, choice.bindings, progress, watch)
    profile = replace(profile, phases=watch.times)
    require_whole(profile, profile)
    if request.tolerance is not None:  # last, so that the error can carry the profile
        require_precision(profile, request.tolerance)
    return profile


def compare_precisions(
    model: Any,
    precisions: str | Sequence[str],
    *,
    weights: str | Path | None = None,
    outputs: Sequence[str] = (),
    progress: Progress | None = None,
    notify: Notify | None = None,
    **options: Any,
) -> PrecisionComparison:
    """Builds a model in several precisions, measures them interleaved and compares them.

    With backend ``onnxruntime`` the converted graphs run on the CPU, and no engine is built.

    Args:
        model: as for `profile_model`.
        precisions: at least two, such as ``["fp32", "fp16"]`` or ``"fp32,fp16"``; the first is what
            the others are compared with.
        weights: the ``.caffemodel`` of a Caffe model.
        outputs: blobs to take as outputs of a Caffe model.
        progress: called with the phase, steps done and steps in all.
        notify: called with lines a user should see at once.
        **options: those of `Options` but ``precision``, ``stream`` and ``timing``; ``keep_fp32``
            is about the 16-bit ones.

    Returns:
        The comparison, with the profile of each precision in it.

    Raises:
        OptionError: an option makes no sense.
        ModelError: the model cannot be read or is not supported.
        PrecisionError: a precision cannot be applied.
        PrecisionNotMetError: an engine does not have its precision, by number of layers: raised
            before anything is measured. With ``tolerance`` also if it does not have it by time, or
            an output exceeds the tolerance: the comparison is then the error's ``result``.
        NotJudgedError: ``tolerance`` cannot be checked; with the same ``result``.
        BackendError: there is no GPU, and ``onnxruntime`` was not requested.
        BuildError: TensorRT could not build an engine.
        EngineLoadError: this TensorRT does not support this GPU.
        RunError: a run failed; once every precision has times, the comparison of what was measured
            is the error's ``result``.
    """
    request, watch = read_options(options, COMPARISON), Stopwatch()
    with watch.phase(Phase.START):
        from trtcore.api.precision_job import PrecisionRuns, check_precisions
        from trtcore.engine.choice import choose_backend

        chosen = check_precisions(precisions)
        choice = choose_backend(request.backend)
    # `auto` must not fall back here: rows of a CPU say nothing of engines in these precisions.
    if choice.runs_nodes and request.backend != choice.name:
        raise BackendError(
            f"comparing precisions needs a GPU: {choice.reason}; "
            f"{argument('backend', 'onnxruntime')} runs the converted graphs on the CPU"
        )
    load_plugins(request.plugins, choice.bindings)
    if notify is not None and choice.reason:
        notify(choice.explanation)
    with watch.phase(Phase.LOAD):
        loaded = load_source(model, weights, outputs, request)
    runs = PrecisionRuns(loaded, chosen, request, progress, watch)
    comparison = replace(runs.compare(choice.bindings), phases=watch.times)
    require_whole(comparison, *comparison.profiles)
    if request.tolerance is not None:
        comparison.require(request.tolerance)
    return comparison


def profile_baseline(
    model: Any,
    kind: str = "auto",
    *,
    weights: str | Path | None = None,
    outputs: Sequence[str] = (),
    progress: Progress | None = None,
    notify: Notify | None = None,
    **options: Any,
) -> Profile:
    """Times every node of the un-fused model, as the baseline of an engine.

    Args:
        model: as for `profile_model`.
        kind: ``torch`` (PyTorch eager, on the GPU if it sees one), ``onnxruntime`` (on the CPU),
            or ``auto``: PyTorch where it and a GPU are there and it runs the model, else ONNX
            Runtime.
        weights: the ``.caffemodel`` of a Caffe model.
        outputs: blobs to take as outputs of a Caffe model.
        progress: called with the phase, steps done and steps in all.
        notify: called with lines a user should see at once.
        **options: those of `Options` that concern the model, its precision (None is its own),
            input and ``iterations`` (None is as many as fit in about 10 s).

    Returns:
        The profile, for `compare_profiles`.

    Raises:
        OptionError: an option makes no sense.
        ModelError: the model cannot be read, or the runtime refuses it.
        PrecisionError: the precision cannot be applied.
        BackendError: PyTorch was requested by name and cannot be imported.
        RunError: the run failed.
    """
    request, watch = read_options(options, BASELINE), Stopwatch()
    with watch.phase(Phase.START):
        from trtcore.api.baseline_job import profile_unfused
    with watch.phase(Phase.LOAD):
        loaded = load_source(model, weights, outputs, request)
    profile = profile_unfused(loaded, kind, request, progress, notify, watch)
    return replace(profile, phases=watch.times)


def profile_plan(
    plan: bytes | str | Path,
    *,
    progress: Progress | None = None,
    notify: Notify | None = None,
    **options: Any,
) -> Profile:
    """Profiles a serialized engine on the GPU it was built for.

    Args:
        plan: the plan, or a path to it.
        progress: called with the phase, steps done and steps in all.
        notify: called with lines a user should see at once.
        **options: those of `Options` that concern running; ``batch`` and ``shapes`` choose the
            shapes of dynamic inputs.

    Returns:
        The profile. Rows map to model nodes where the plan names them.

    Raises:
        OptionError: an option makes no sense for a plan, or shapes are outside its range.
        BackendError: there is no TensorRT or no GPU to run it.
        EngineLoadError: not a plan, or made for another version or GPU.
        RunError: the run failed. What was measured before an error of CUDA or TensorRT ended it is
            the error's ``result``.
    """
    request, watch = read_options(options, PLAN), Stopwatch()
    with watch.phase(Phase.LOAD):
        content, source = read_plan(plan)
    with watch.phase(Phase.START):
        from trtcore.api.assemble import engine_profile, plan_record
        from trtcore.api.peaks_step import with_peaks
        from trtcore.api.repeats import run_plan_repeated
        from trtcore.api.requests import run_options
        from trtcore.measure.memory.readings import MemoryLog
        from trtcore.precision.verify.check import check_rows

        log = MemoryLog.begun()
        bindings = plan_runner(request.backend, source, notify)
    load_plugins(request.plugins, bindings)
    check_timing(request)
    run = run_options(request, watch=watch, log=log)
    ran, repeats = run_plan_repeated(bindings, content, source, request, run, progress)
    record, build = ModelRecord(Path(source).stem, source), plan_record(bindings, content)

    def describe(layers: Sequence[Layer], rows: Sequence[LayerProfile]) -> PrecisionCheck:
        return check_rows(layers, rows, "")  # nothing was requested: described, never judged

    with watch.phase(Phase.RESULT):
        profile = engine_profile(bindings, ran, record, build, request, describe)
    profile = with_peaks(repeats.added_to(profile), request, bindings, progress, watch)
    profile = replace(profile, phases=watch.times)
    require_whole(profile, profile)
    return profile


def inspect_plan(
    plan: bytes | str | Path,
    *,
    backend: str = "auto",
    plugins: Sequence[str | Path] = (),
    notify: Notify | None = None,
) -> tuple[Build, EngineInformation]:
    """Loads a plan and returns what the engine inspector reports.

    Args:
        plan: the plan, or a path to it.
        backend: ``auto``, ``tensorrt`` or ``tensorrt_rtx``.
        plugins: libraries of plugins that the plan needs.
        notify: called with lines a user should see at once.

    Raises:
        OptionError: a backend or libraries of another type, or a library that cannot be read.
        BackendError: there is no TensorRT or no GPU to load it with.
        EngineLoadError: not a plan, or made for another version or GPU.
    """
    from trtcore.api.assemble import plan_record
    from trtcore.engine.tensorrt.runtime import load_engine

    check_argument("backend", backend)
    check_argument("plugins", plugins)
    content, source = read_plan(plan)
    bindings = plan_runner(backend, source, notify)
    load_plugins(plugins, bindings)
    engine = load_engine(bindings, content, source)
    information = engine.information()
    build = replace(
        plan_record(bindings, content),
        layers=len(information.layers),
        auxiliary_streams=engine.auxiliary_streams,
        verbosity=engine.verbosity(),
        memory=engine.memory,
        hardware_compatibility=engine.hardware_compatibility,
    )
    return build, information


def build_model(
    model: Any,
    *,
    weights: str | Path | None = None,
    outputs: Sequence[str] = (),
    progress: Progress | None = None,
    **options: Any,
) -> Plan:
    """Builds a model's engine; TensorRT-RTX needs no GPU for it.

    Args:
        model: as for `profile_model`.
        weights: the ``.caffemodel`` of a Caffe model.
        outputs: blobs to take as outputs of a Caffe model.
        progress: called with the phase, steps done and steps in all.
        **options: those of `Options` that concern building.

    Returns:
        The plan with its bytes, build record and layers.

    Raises:
        OptionError: an option makes no sense.
        ModelError: the model cannot be read or is not supported.
        PrecisionError: the precision cannot be applied, or the engine does not have it.
        BackendError: nothing that builds is installed.
        BuildError: TensorRT could not build the engine.
    """
    from trtcore.api.requests import build_as_requested, require_shape_inputs
    from trtcore.engine.choice import choose_builder

    request = read_options(options, BUILD)
    bindings = choose_builder(request.backend)
    load_plugins(request.plugins, bindings)
    loaded = load_source(model, weights, outputs, request)
    require_shape_inputs(request, loaded)
    return build_as_requested(bindings, loaded, request, progress)
