"""What each step is requested to do, made of the options of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trtcore.api.options.values import Options
from trtcore.errors import OptionError, argument
from trtcore.precision.request import Precision, PrecisionRequest
from trtcore.result.phases import Stopwatch
from trtcore.system.progress import Progress

if TYPE_CHECKING:
    from trtcore.engine.tensorrt.bindings import Bindings
    from trtcore.engine.tensorrt.builder import BuildOptions, Plan
    from trtcore.measure.engine_runs.records import RunOptions
    from trtcore.measure.engine_runs.rounds import RunLength
    from trtcore.measure.memory.readings import MemoryLog
    from trtcore.models.model import Model

# More than the 662 that a p99 needs (`SAMPLES_NEEDED`), and still about a second per pass for
# networks of a millisecond: more would be for the intervals only.
_GPU_ITERATIONS = 1000
# Before this many the stop rule is not applied, and rounds are a tenth of it: few, so that slow
# networks keep to the time limit.
_LEAST_ITERATIONS = 100
# Builder and ONNX Runtime each hold the weights: of larger models not at the same time.
_BESIDE_BYTES = 500_000_000
# What TensorRT takes for a shape.
_WHOLE = ("int32", "int64")


def precision_request(options: Options, *, is_own: bool = False) -> PrecisionRequest:
    """The precision to build in.

    Args:
        options: those of the call.
        is_own: the precision in them is the model's own, which nobody requested.
    """
    own = options.precision is None or is_own
    return PrecisionRequest(
        precision=None if own else Precision(str(options.precision)),
        keep_fp32=options.keep_fp32,
        io_precision=options.io_precision,
    )


def with_precision(options: Options, model: Model) -> Options:
    """The options with the precision in them: the model's own where none was requested."""
    from trtcore.engine.build import settled

    precision = settled(precision_request(options), model).precision
    return options.replaced(precision=precision.value if precision else None)


def build_options(options: Options, model: Model) -> BuildOptions:
    """How to build an engine of a model.

    Raises:
        OptionError: inputs that do not fit the model, which has some that may decide shapes.
    """
    from trtcore.engine.tensorrt.builder import BuildOptions

    workspace = options.workspace_mib
    return BuildOptions(
        workspace_bytes=None if workspace is None else workspace << 20,
        max_aux_streams=0 if options.serial else None,
        io_formats=options.io_formats,
        shape_values=_shape_values(options, model),
        use_cache=options.use_cache,
    )


def require_shape_inputs(options: Options, model: Model) -> None:
    """Raises OptionError if inputs are given for a build whose model needs none."""
    given = [one for one in options.given if one.option.name in ("inputs", "seed")]
    if given and not _shape_values(options, model):
        raise OptionError(
            f"{given[0].label} has no effect when an engine of {model.name} is built, as none of "
            "its inputs decides a shape: leave it out"
        )


def _shape_values(options: Options, model: Model) -> dict[str, tuple[int, ...]]:
    """The values of the inputs that may decide shapes; which of them do, TensorRT tells."""
    from trtcore.models.onnx.graph import model_inputs
    from trtcore.models.onnx.input_roles import make_model_inputs

    names = [t.name for t in model_inputs(model) if t.dtype in _WHOLE and len(t.shape) <= 1]
    if not names:
        return {}
    made = make_model_inputs(model, options.inputs, options.seed)
    return {name: tuple(int(one) for one in made[name].ravel()) for name in names}


def build_as_requested(
    bindings: Bindings,
    model: Model,
    options: Options,
    progress: Progress | None = None,
    watch: Stopwatch | None = None,
    *,
    is_own: bool = False,
) -> Plan:
    """Builds an engine as `build_engine` does, from the options of a call.

    With ``is_own`` the precision in the options is the model's own: it is not held to it.
    """
    from trtcore.engine.build import build_engine

    build = build_options(options, model)
    request = precision_request(options, is_own=is_own)
    return build_engine(bindings, model, request, build, progress, watch)


def may_overlap(bindings: Bindings | None, model: Model) -> bool:
    """Whether the reference can be computed while an engine is built.

    TensorRT times tactics when it builds, which nothing may disturb; TensorRT-RTX does not.
    """
    from trtcore.models.onnx.weights import weight_bytes

    is_quiet = bindings is not None and bindings.name == "tensorrt_rtx"
    return is_quiet and weight_bytes(model.proto) <= _BESIDE_BYTES


def run_options(
    options: Options,
    model: Model | None = None,
    watch: Stopwatch | None = None,
    log: MemoryLog | None = None,
) -> RunOptions:
    """How to run an engine.

    Args:
        options: the options of the call.
        model: what it was built from, which settled the shapes; None for a plan.
        watch: counts where the time of the run goes.
        log: has the memory of before the call used the GPU.

    Raises:
        OptionError: a range of shapes for a plan.
    """
    from trtcore.measure.engine_runs.records import RunOptions
    from trtcore.models.onnx.input_roles import input_roles
    from trtcore.models.onnx.shape_ranges import run_shapes

    if model is None:
        _refuse_ranges(options)
    return RunOptions(
        length=_length(options),
        batch=options.batch if model is None else None,
        shapes=options.shapes if model is None else run_shapes(model),
        inputs=options.inputs,
        seed=options.seed,
        roles={} if model is None else input_roles(model),
        sync=options.sync,
        kernels=options.timing == "cupti",
        calibrate=options.calibrate,
        energy=options.energy,
        use_cache=options.use_cache,
        watch=watch or Stopwatch(),
        log=log,
    )


def _refuse_ranges(options: Options) -> None:
    from trtcore.models.onnx.shape_ranges import is_range

    for name, shape in options.shapes.items():
        if is_range(shape):
            raise OptionError(
                f"{argument('shapes', {name: shape})}: a plan has its ranges already, give the one "
                f"shape to run: {argument('shapes', {name: shape[1]})}"
            )


def node_length(options: Options) -> dict[str, Any]:
    """How long to time the nodes of a model: exactly so many iterations, or for a time."""
    if options.max_seconds is None:
        return {"iterations": options.iterations}
    fewest = {} if options.iterations is None else {"min_iterations": options.iterations}
    return {"iterations": None, "max_seconds": options.max_seconds, **fewest}


def _length(options: Options) -> RunLength:
    """So many iterations, or on until stable where a precision or a time was requested."""
    from trtcore.measure.engine_runs.rounds import RunLength

    rule = options.stop_rule()
    iterations = options.iterations or (_LEAST_ITERATIONS if rule else _GPU_ITERATIONS)
    return RunLength(iterations, rule, options.stream)
