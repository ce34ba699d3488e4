"""Every option of the API, declared once: the command line and the checks are derived from it.

A new option is an attribute here, and the code that acts on it. Imports nothing heavy, so that
``--help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trtcore.api.options.declaring import (
    BASELINE,
    BUILD,
    COMPARISON,
    CONVERSION,
    INSPECTION,
    MODEL,
    PLAN,
    Declared,
    Option,
    Use,
    option,
)
from trtcore.api.options.value_types import (
    BLOBS,
    FLAG,
    FORMATS,
    INPUTS,
    NAME,
    NAMES,
    NUMBER,
    PATH,
    PATHS,
    SHAPES,
    WHOLE,
    WORD,
)
from trtcore.models.input_texts import generators
from trtcore.precision.formats import FORMATS as PRECISIONS
from trtcore.precision.formats import Precision, flags, io_precisions
from trtcore.result.backends import selectable

if TYPE_CHECKING:
    from pathlib import Path

# TensorRT takes the limit in bytes as a signed 64-bit number: 2^63 - 1 bytes in whole MiB.
_MOST_WORKSPACE_MIB = (1 << 43) - 1

_ENGINE = "model and engine"
_PRECISION = "precision"
_RUN = "run"

# Which calls and which backends an option has an effect for: `Use` by `Use`, from the widest on.
_OF_MODEL = Use((MODEL, PLAN, BUILD, COMPARISON, BASELINE, CONVERSION), _ENGINE)
_OF_SOURCE = Use((MODEL, BUILD, COMPARISON, BASELINE, CONVERSION), _ENGINE)
_OF_BUILDING = Use((MODEL, BUILD, COMPARISON), _ENGINE, needs_engine=True)
_OF_PRECISION = Use((MODEL, BUILD, COMPARISON, BASELINE), _PRECISION)
_OF_ACCURACY = Use((MODEL, COMPARISON), "what a precision costs")
_OF_EVERY_RUN = Use((MODEL, PLAN, COMPARISON, BASELINE), _RUN)
# A build needs the values of inputs that decide shapes.
_OF_INPUTS = Use((MODEL, PLAN, BUILD, COMPARISON, BASELINE), _RUN)
_OF_TIMED_RUNS = Use((MODEL, PLAN, COMPARISON), _RUN)
_OF_ENGINE_RUNS = Use((MODEL, PLAN, COMPARISON), _RUN, needs_engine=True)
_OF_ONE_RUN = Use((MODEL, PLAN), _RUN)
_OF_ONE_ENGINE_RUN = Use((MODEL, PLAN), _RUN, needs_engine=True)


def _names(precisions: Iterable[Precision]) -> str:
    return ", ".join(precision.value for precision in precisions)


SOURCE_OPTIONS = (
    Option(
        name="weights",
        default=None,
        type=PATH,
        about="of a Caffe model",
        help=".caffemodel of a Caffe model",
        metavar="FILE",
        use=_OF_SOURCE,
    ),
    Option(
        name="outputs",
        default=(),
        type=BLOBS,
        about="of a Caffe model",
        help="output of a Caffe model",
        metavar="BLOB",
        flag="--output",
        use=_OF_SOURCE,
    ),
)
"""Where a model comes from: arguments of their own of the functions that load one."""


class Declarations(Declared):
    """Every option that concerns building and running."""

    batch: int | None = option(
        default=None,
        type=WHOLE,
        about="the leading dimension of the inputs",
        help="leading dimension of the inputs that have a batch dimension",
        metavar="N",
        least=1,
        use=_OF_MODEL,
    )
    """None keeps the model's; with a range, or for a plan, it chooses the batch of the run."""
    shapes: Mapping[str, Sequence[Any]] = option(
        default={},
        type=SHAPES,
        about="whole shapes of inputs",
        help="input shapes: data:1x3x224x224,mask:1x77, or MIN..OPT..MAX: ids:1x16..4x77..8x99",
        metavar="NAME:DIMS",
        use=_OF_MODEL,
    )
    """By input, or (min, opt, max) of them to build for a range; the run has opt, or the batch."""
    cut_unsupported: bool = option(
        default=False,
        type=FLAG,
        about="of a Caffe model",
        help="leave out layers of a Caffe model that are not supported, and those behind them",
        use=_OF_SOURCE,
    )
    allow_external: bool = option(
        default=False,
        type=FLAG,
        about="external data of an ONNX file",
        help="read external data outside the folder of an ONNX file too (../, absolute, links)",
        use=_OF_SOURCE,
    )
    backend: str = option(
        default="auto",
        type=NAME,
        about="what builds and runs the engine",
        help=lambda: f"auto (default), {', '.join(selectable()[1:])}",
        metavar="NAME",
        use=Use((MODEL, PLAN, BUILD, COMPARISON, INSPECTION), _ENGINE),
    )
    workspace_mib: int | None = option(
        default=None,
        type=WHOLE,
        about="scratch memory of an engine's layers",
        help="most scratch memory of a layer, in MiB; default: TensorRT's",
        metavar="MIB",
        flag="--workspace",
        least=1,
        most=_MOST_WORKSPACE_MIB,
        use=_OF_BUILDING,
    )
    """None leaves it to TensorRT."""
    serial: bool = option(
        default=False,
        type=FLAG,
        about="an engine without auxiliary streams",
        help="one stream: layers do not overlap, times add up",
        use=_OF_BUILDING,
    )
    builds: int = option(
        default=1,
        type=WHOLE,
        about="how often a model is built",
        help="build N times without a timing cache, and tell how far the builds differ",
        metavar="N",
        least=1,
        use=Use((MODEL,), _ENGINE),
    )
    plugins: Sequence[str | Path] = option(
        default=(),
        type=PATHS,
        about="libraries that TensorRT loads",
        help="a library of TensorRT plugins to load first; can be given several times",
        metavar="LIB",
        use=Use((MODEL, PLAN, BUILD, COMPARISON, INSPECTION), _ENGINE, needs_engine=True),
    )
    use_cache: bool = option(
        default=True,
        type=FLAG,
        about="TensorRT's caches and the calibration",
        help="neither read nor write the cache folder",
        flag="--no-cache",
        use=Use((MODEL, PLAN, BUILD, COMPARISON), _ENGINE, needs_engine=True),
    )
    precision: str | None = option(
        default=None,
        type=WORD,
        about="the one precision of the network",
        help=lambda: f"{_names(PRECISIONS)}; default: the model's own",
        metavar="P",
        short=flags,
        use=Use((MODEL, BUILD, BASELINE), _PRECISION),
    )
    """None is the model's own."""
    keep_fp32: Sequence[str] = option(
        default=(),
        type=NAMES,
        about="what a 16-bit precision leaves in FP32",
        help="operators or nodes that stay FP32: LRN,Softmax,inception_5b/*",
        metavar="WHAT",
        use=_OF_PRECISION,
    )
    """Op types, names of nodes or globs over them."""
    io_precision: str | None = option(
        default=None,
        type=WORD,
        about="the precision of inputs and outputs",
        help=lambda: (
            f"of inputs and outputs: {_names(io_precisions())}; default: that of the network"
        ),
        metavar="P",
        use=_OF_PRECISION,
    )
    """Of float inputs and outputs; None is that of the network."""
    io_formats: Mapping[str, str] = option(
        default={},
        type=FORMATS,
        about="formats of an engine's inputs and outputs",
        help="data:chw2; also hwc8, chw4, chw16, chw32, linear",
        metavar="NAME:FORMAT",
        flag="--io-format",
        use=Use((MODEL, BUILD, COMPARISON), _PRECISION, needs_engine=True),
    )
    accuracy: bool = option(
        default=False,
        type=FLAG,
        about="a comparison of the model's outputs with FP32",
        help="compare the outputs with FP32 on the CPU",
        use=_OF_ACCURACY,
    )
    tolerance: float | None = option(
        default=None,
        type=NUMBER,
        about="a comparison of the model's outputs with FP32",
        help="exit 1 if an output's relative L2 error is larger, such as 1e-2",
        metavar="E",
        use=_OF_ACCURACY,
    )
    """The largest accepted relative L2 error of an output; None accepts any."""
    iterations: int | None = option(
        default=None,
        type=WHOLE,
        about="the length of a run",
        help="default: 1000 on a GPU, as many as fit in 10 s on a CPU",
        metavar="N",
        least=1,
        use=_OF_EVERY_RUN,
    )
    """Per pass; each pass is measured this many times."""
    processes: int = option(
        default=1,
        type=WHOLE,
        about="how often a run is repeated in fresh processes",
        help="measure in N fresh processes, one after the other (default 1)",
        metavar="N",
        least=1,
        use=_OF_ONE_RUN,
    )
    """Intervals then cover how far processes lie apart, and `compare_profiles` judges by it."""
    precision_target: float | None = option(
        default=None,
        type=NUMBER,
        about="when the run of an engine ends",
        help="run until the total is known to this part, such as 0.005",
        metavar="PART",
        use=_OF_ENGINE_RUNS,
    )
    """Half-width of the total's 95 % interval, relative to the total, at which the run stops; the
    layers that hold most of the time need twice that. None, with ``max_seconds`` None too, measures
    ``iterations`` exactly.
    """
    max_seconds: float | None = option(
        default=None,
        type=NUMBER,
        about="the length of a run",
        help="run until stable, but no longer than S; --iterations is then the least",
        metavar="S",
        use=_OF_TIMED_RUNS,
    )
    """The run ends then, stable or not; 15 if only ``precision_target`` is given."""
    stream: bool | None = option(
        default=None,
        type=FLAG,
        about="how the times of one engine are kept",
        help="keep distributions, not every time: constant memory (default: above 64 MB)",
        use=_OF_ONE_ENGINE_RUN,
    )
    """Keep the distribution of each layer's times, and single iterations of the end only; None does
    so above 64 MB of layer times.
    """
    calibrate: bool = option(
        default=True,
        type=FLAG,
        about="what the events of an engine's profiler cost",
        help="do not measure what the profiler's events cost",
        flag="--no-calibration",
        use=_OF_ENGINE_RUNS,
    )
    """Calibrated once per GPU, driver and TensorRT, then cached; takes some seconds."""
    peak: str | None = option(
        default=None,
        type=NAME,
        about="the peaks that rates are compared with",
        help="TFLOP/s and GB/s: fp16=989,fp32=67,bandwidth=4800; measure; or none",
        metavar="PEAKS",
        use=Use((MODEL, PLAN), _RUN),
    )
    """None takes those that were measured before, and measures a CPU's, which takes half a second.
    ``measure`` measures a GPU's too: some seconds once per GPU, clock and TensorRT, then cached."""
    energy: bool = option(
        default=False,
        type=FLAG,
        about="the energy of an inference",
        help="run long enough to measure the energy of an inference",
        use=_OF_ONE_ENGINE_RUN,
    )
    """Some 8 s: the idle board, then a loop without a profiler."""
    inputs: str | Path | Mapping[str, Any] = option(
        default="random",
        type=INPUTS,
        about="what the network is fed",
        help=lambda: (
            "random (default), FILE.npz, or a generator, for all or by input: "
            f"ids:randint(0,30522),mask:ones; there are {generators()}"
        ),
        metavar="WHAT",
        flag="--input",
        use=_OF_INPUTS,
    )
    """By input, generators and arrays too: ``{"ids": "randint(0,30522)", "mask": ones}``; ``*`` is
    every other input.
    """
    seed: int = option(
        default=0,
        type=WHOLE,
        about="what the network is fed",
        help="of random input",
        metavar="N",
        least=0,
        use=_OF_INPUTS,
    )
    sync: str = option(
        default="enqueue",
        type=WORD,
        about="how an engine is run",
        help="enqueue (default) or execute (executeV2)",
        metavar="HOW",
        choices=("enqueue", "execute"),
        use=_OF_ENGINE_RUNS,
    )
    """``enqueue`` for ``enqueueV3`` and synchronise, ``execute`` for ``executeV2``."""
    timing: str = option(
        default="events",
        type=WORD,
        about="how one engine is timed",
        help="events (default), or cupti to time the kernels too (pip install 'trtcore[cupti]')",
        metavar="HOW",
        choices=("events", "cupti"),
        use=_OF_ONE_ENGINE_RUN,
    )
