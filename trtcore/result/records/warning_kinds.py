"""The kinds of warnings.

Imports nothing heavy, because ``--help`` lists the precisions, whose rows name some.
"""

from __future__ import annotations

from enum import Enum


class WarningKind(Enum):
    """What a warning is about; each documents its numbers, names and note.

    Those down to `OTHER` are of the run or of the file that was read, and are saved with it. The
    others follow from the figures of a profile.
    """

    # Of a run on a GPU.
    NOT_GATED = "not gated"
    """note: why the stream cannot be held."""
    NO_GRAPH = "no CUDA graph"
    """note: why there is none."""
    PYTHON_CALLBACKS = "Python callbacks"
    NEWER_TENSORRT = "newer TensorRT"
    """names: the TensorRT that ran, the newest release whose C++ layout was compared."""
    NO_EVENT_COST = "no event cost"
    """note: why it was not calibrated."""
    NO_KERNELS = "no kernels"
    """note: why none were traced."""
    # Of building an engine.
    PRECISION_MISSING = "precision missing"
    """names: the GPU, its compute capability, the precision, what that needs, what this is."""
    PRECISION_SLOW = "precision slow"
    """names: the GPU, its compute capability, the precision."""
    FORMAT_UNCONFIRMED = "format unconfirmed"
    """names: each tensor and its requested format, such as ``x:chw2``."""
    # Of a run on the CPU, or of a baseline.
    TIMED_ON_CPU = "timed on CPU"
    """note: why not on a GPU."""
    BUILT_NOT_TIMED = "built, not timed"
    """names: the precision that was built."""
    ASKED_NOT_TIMED = "asked for, not timed"
    """names: the requested precision."""
    NO_EFFECT = "no effect"
    """names: the option as the API names it, and what it is about."""
    NOT_STREAMED = "not streamed"
    NO_TARGET_COUNTED = "no precision target, counted"
    NO_TARGET_TIMED = "no precision target, timed"
    CPU_TF32 = "no TF32 on a CPU"
    CPU_HALF2 = "no half2 on a CPU"
    BASELINE_TF32 = "no TF32 in a baseline"
    BASELINE_HALF2 = "no half2 in a baseline"
    NODES_NOT_RUN = "nodes not run"
    """numbers: nodes without a row, all nodes, then one for each name; names: operators."""
    NODES_CONSTANT = "nodes constant"
    """The same of nodes whose results are known before the run."""
    NODES_ADDED = "nodes added"
    """numbers: one for each name; names: operators that ONNX Runtime added."""
    NODE_PROFILE_FULL = "node profile full"
    """numbers: iterations with layer times, all iterations."""
    # Of a comparison of precisions.
    GRAPHS_ON_CPU = "graphs on CPU"
    NO_REFERENCE = "no reference"
    """note: why ONNX Runtime cannot run the model in FP32."""
    # Of a file of another tool.
    IMPOSSIBLE_TIME = "impossible time"
    """numbers: ms; names: the layer."""
    NO_TOTAL = "no total"
    """names: what the line begins with."""
    ROWS_EXCEED_TOTAL = "rows exceed total"
    """numbers: ms of all rows, ms of the whole."""
    ROWS_MISSING = "rows missing"
    """numbers: ms of all rows, ms of the whole."""
    NAMES_CUT = "names cut"
    """numbers: names, characters they end after."""
    NAMES_MADE_UP = "names made up"
    """numbers: names that are mapped to no node, all names; names: one of them."""
    OTHER_LAYER_INFO = "other layer information"
    """numbers: layers that are not in it, all layers; names: one of them."""
    NO_NODES_TOLD = "no nodes told"
    """names: the profiling verbosity."""
    OTHER = "other"
    """note: the text of an older file that does not parse."""

    # What follows from the figures.
    INTERRUPTED = "interrupted"
    """numbers: iterations measured, iterations requested."""
    WARM_UP_NOT_STEADY = "warm-up not steady"
    """Its figures are in ``Counts.warm_up``."""
    NOT_CONVERGED = "not converged"
    """Its figures are in ``Counts.stopped``."""
    PLAN_OPAQUE = "plan opaque"
    """names: its profiling verbosity."""
    ENQUEUE_BOUND = "enqueue-bound"
    """numbers: ms of the enqueue call, ms on the GPU."""
    UNSTEADY = "unsteady"
    """numbers: coefficient of variation, IQR/median; names: the series."""
    SERIES = "jumps or drifts"
    """note: what times jump or drift, and how."""
    CLOCK_UNSTABLE = "clock unstable"
    """numbers: lowest and highest MHz if it changed; names: what throttled it."""
    THROTTLED = "throttled"
    """numbers: the rounds of passes."""
    STREAMS_OVERLAP = "streams overlap"
    """numbers: streams."""
    BELOW_ZERO = "below zero"
    """note: where; names: ``confidential computing`` if that is on."""
    NOT_NUMBERS = "not numbers"
    """note: where."""
    NOT_RECONCILED = "not reconciled"
    """note: why."""
    SUM_DIFFERS = "sum differs"
    """numbers: layer times over the un-profiled time; names: the series, ``CPU`` or ``GPU``."""
