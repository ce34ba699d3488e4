"""What each step is asked for, made of the options of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trtcore.api.options import Options
from trtcore.errors import OptionError, argument
from trtcore.precision.request import Precision, PrecisionRequest
from trtcore.result.phases import Stopwatch
from trtcore.system.progress import Progress

if TYPE_CHECKING:
    from trtcore.engine.tensorrt.bindings import Bindings
    from trtcore.engine.tensorrt.builder import BuildOptions, Plan
    from trtcore.measure.engines import RunOptions
    from trtcore.measure.rounds import RunLength
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


def precision_request(asked: Options) -> PrecisionRequest:
    """The precision to build in."""
    return PrecisionRequest(
        precision=None if asked.precision is None else Precision(asked.precision),
        keep_fp32=asked.keep_fp32,
        io_precision=asked.io_precision,
    )


def with_precision(asked: Options, model: Model) -> Options:
    """The options with the precision in them: the model's own where none was asked for."""
    from trtcore.engine.build import settled

    precision = settled(precision_request(asked), model).precision
    return asked.replaced(precision=precision.value if precision else None)


def build_options(asked: Options, model: Model) -> BuildOptions:
    """How to build an engine of a model.

    Raises:
        OptionError: inputs that do not fit the model, which has some that may decide shapes.
    """
    from trtcore.engine.tensorrt.builder import BuildOptions

    workspace = asked.workspace_mib
    return BuildOptions(
        workspace_bytes=None if workspace is None else workspace << 20,
        max_aux_streams=0 if asked.serial else None,
        io_formats=asked.io_formats,
        shape_values=_shape_values(asked, model),
        use_cache=asked.use_cache,
    )


def require_shape_inputs(asked: Options, model: Model) -> None:
    """Raises OptionError if inputs are given for a build whose model needs none."""
    given = [one for one in asked.given if one.option.name in ("inputs", "seed")]
    if given and not _shape_values(asked, model):
        raise OptionError(
            f"{given[0].label} has no effect when an engine of {model.name} is built, as none of "
            "its inputs decides a shape: leave it out"
        )


def _shape_values(asked: Options, model: Model) -> dict[str, tuple[int, ...]]:
    """The values of the inputs that may decide shapes; which of them do, TensorRT tells."""
    from trtcore.models.onnx.graph import model_inputs
    from trtcore.models.onnx.input_roles import make_model_inputs

    names = [t.name for t in model_inputs(model) if t.dtype in _WHOLE and len(t.shape) <= 1]
    if not names:
        return {}
    made = make_model_inputs(model, asked.inputs, asked.seed)
    return {name: tuple(int(one) for one in made[name].ravel()) for name in names}


def build_as_asked(
    bindings: Bindings,
    model: Model,
    asked: Options,
    progress: Progress | None = None,
    watch: Stopwatch | None = None,
) -> Plan:
    """Builds an engine as `build_engine` does, from the options of a call."""
    from trtcore.engine.build import build_engine

    request, options = precision_request(asked), build_options(asked, model)
    return build_engine(bindings, model, request, options, progress, watch)


def may_overlap(bindings: Bindings | None, model: Model) -> bool:
    """Whether the reference can be computed while an engine is built.

    TensorRT times tactics when it builds, which nothing may disturb; TensorRT-RTX does not.
    """
    from trtcore.models.onnx.weights import weight_bytes

    is_quiet = bindings is not None and bindings.name == "tensorrt_rtx"
    return is_quiet and weight_bytes(model.proto) <= _BESIDE_BYTES


def run_options(
    asked: Options, model: Model | None = None, watch: Stopwatch | None = None
) -> RunOptions:
    """How to run an engine.

    Args:
        asked: the options of the call.
        model: what it was built from, which settled the shapes; None for a plan.
        watch: counts where the time of the run goes.

    Raises:
        OptionError: a range of shapes for a plan.
    """
    from trtcore.measure.engines import RunOptions
    from trtcore.models.onnx.input_roles import input_roles
    from trtcore.models.onnx.shape_ranges import run_shapes

    if model is None:
        _refuse_ranges(asked)
    return RunOptions(
        length=_length(asked),
        batch=asked.batch if model is None else None,
        shapes=asked.shapes if model is None else run_shapes(model),
        inputs=asked.inputs,
        seed=asked.seed,
        roles={} if model is None else input_roles(model),
        sync=asked.sync,
        kernels=asked.timing == "cupti",
        calibrate=asked.calibrate,
        use_cache=asked.use_cache,
        watch=watch or Stopwatch(),
    )


def _refuse_ranges(asked: Options) -> None:
    from trtcore.models.onnx.shape_ranges import is_range

    for name, shape in asked.shapes.items():
        if is_range(shape):
            raise OptionError(
                f"{argument('shapes', {name: shape})}: a plan has its ranges already, give the one "
                f"shape to run: {argument('shapes', {name: shape[1]})}"
            )


def node_length(asked: Options) -> dict[str, Any]:
    """How long to time the nodes of a model: exactly so many iterations, or for a time."""
    if asked.max_seconds is None:
        return {"iterations": asked.iterations}
    fewest = {} if asked.iterations is None else {"min_iterations": asked.iterations}
    return {"iterations": None, "max_seconds": asked.max_seconds, **fewest}


def _length(asked: Options) -> RunLength:
    """So many iterations, or on until stable where a precision or a time was asked for."""
    from trtcore.measure.rounds import RunLength

    rule = asked.stop_rule()
    iterations = asked.iterations or (_LEAST_ITERATIONS if rule else _GPU_ITERATIONS)
    return RunLength(iterations, rule, asked.stream)
