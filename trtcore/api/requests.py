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


def precision_request(asked: Options, *, is_own: bool = False) -> PrecisionRequest:
    """The precision to build in.

    Args:
        asked: the options.
        is_own: the precision in them is the model's own, which nobody asked for.
    """
    own = asked.precision is None or is_own
    return PrecisionRequest(
        precision=None if own else Precision(str(asked.precision)),
        keep_fp32=asked.keep_fp32,
        io_precision=asked.io_precision,
    )


def with_precision(asked: Options, model: Model) -> Options:
    """The options with the precision in them: the model's own where none was asked for."""
    from trtcore.engine.build import settled

    precision = settled(precision_request(asked), model).precision
    return asked.replaced(precision=precision.value if precision else None)


def build_options(asked: Options) -> BuildOptions:
    """How to build an engine."""
    from trtcore.engine.tensorrt.builder import BuildOptions

    workspace = asked.workspace_mib
    return BuildOptions(
        workspace_bytes=None if workspace is None else workspace << 20,
        max_aux_streams=0 if asked.serial else None,
        io_formats=asked.io_formats,
        use_cache=asked.use_cache,
    )


def build_as_asked(
    bindings: Bindings,
    model: Model,
    asked: Options,
    progress: Progress | None = None,
    watch: Stopwatch | None = None,
    *,
    is_own: bool = False,
) -> Plan:
    """Builds an engine as `build_engine` does, from the options of a call.

    With ``is_own`` the precision in the options is the model's own: it is not held to it.
    """
    from trtcore.engine.build import build_engine

    request, options = precision_request(asked, is_own=is_own), build_options(asked)
    return build_engine(bindings, model, request, options, progress, watch)


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
