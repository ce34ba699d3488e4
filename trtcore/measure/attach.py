"""Records the layers of a context that the user's own loop runs."""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.engine.tensorrt.bindings import Bindings, bindings_of
from trtcore.engine.tensorrt.python_profiler import PythonProfiler, make_python_profiler
from trtcore.engine.tensorrt.runtime import Engine
from trtcore.errors import BackendError, OptionError, ResultError, RunError
from trtcore.measure import _core
from trtcore.measure.engine_runs.store import recorded_histograms
from trtcore.measure.loops.abi_check import native_context, raise_fault
from trtcore.stats.histogram import TimeHistograms
from trtcore.system.forks import fork_problem


class attach:  # noqa: N801 - read as a verb: `with trtcore.attach(context) as recorder`
    """Records every layer of a live execution context while the ``with`` block runs.

    The loop is yours: ``execute_async_v3`` (with ``enqueue_emits_profile`` as you set it, or
    ``report_to_profiler``), or ``execute_v2``. Where an iteration begins is inferred from the
    sequence of layer names.

    A context that was ever profiled stays slower for as long as it lives, because TensorRT cannot
    detach a profiler: time latencies in a second context of the same engine. If the context had a
    profiler, it is restored on leaving the block.

    An error in the loop, such as one of CUDA, leaves what was recorded before it: read the recorder
    as after any other block.

    Any thread may read the recorder while the context runs: `names`, `dropped`, `samples` and
    `histograms` are each a consistent snapshot. Leave the block only when the context has stopped.

    Args:
        context: an ``IExecutionContext`` of ``tensorrt`` or ``tensorrt_rtx``, not running now.
        max_iterations: iterations to keep; later ones are checked and counted only. A kept one
            takes 4 bytes a layer.
        stream: keep the distribution of every layer's times over all iterations, in constant
            memory, and the samples of the last ``max_iterations`` instead of the first.

    Raises:
        OptionError: ``max_iterations`` below 1.
        BackendError: not a context of a known TensorRT, or one with CUDA graphs of its own; on
            entering, if this process was forked from one that had initialised CUDA.
        RunError: on entering, if the context is being recorded already.

    Example:
        >>> with trtcore.attach(context) as recorder:
        ...     for _ in range(100):
        ...         context.execute_async_v3(stream)
        ...         stream.synchronize()
        >>> recorder.samples().shape
        (100, 206)
    """

    def __init__(self, context: Any, *, max_iterations: int = 10_000, stream: bool = False) -> None:
        if max_iterations < 1:
            raise OptionError(f"max_iterations is {max_iterations}, must be 1 or more")
        self._context = context
        self._bindings = bindings_of(context)
        _refuse_own_graphs(self._bindings, context)
        self._recorder = _core.LayerRecorder(
            _core.IterationBoundary.INFERRED,
            max_iterations,
            _expected_layers(self._bindings, context),
        )
        if stream:
            self._recorder.stream(max_iterations)
        self._python_profiler: PythonProfiler | None = None
        self._previous_profiler: Any = None

    def __enter__(self) -> attach:
        if problem := fork_problem():
            raise BackendError(problem)
        view = native_context(self._bindings, self._context)
        if view is None:
            self._enter_in_python()
        else:
            self._warn_of_newer()
            self._attach(view)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Detach before settling: `settle` must not meet a callback of a late iteration.
        self._recorder.detach()
        if self._python_profiler is not None:
            self._python_profiler.stop()
            if self._previous_profiler is not None:
                self._context.profiler = self._previous_profiler
        self._recorder.settle()

    @property
    def names(self) -> tuple[str, ...]:
        """(L,) names of the layers in execution order; empty until they are known."""
        return tuple(self._recorder.names)

    @property
    def dropped(self) -> int:
        """Iterations seen whose samples are not kept."""
        return self._recorder.dropped

    def samples(self) -> NDArray[np.float32]:
        """Returns layer times in milliseconds: (N, L) float32, whole iterations only.

        Raises:
            RunError: nothing was recorded, or the sequence of layers changed; the message names
                the iteration.
        """
        raise_fault(self._recorder)
        if not self._recorder.names:
            raise RunError(
                "no iteration was recorded: none was run inside the block, or none was reported"
            )
        return self._recorder.samples()

    def histograms(self) -> TimeHistograms | None:
        """Returns the distributions of all iterations; None unless streaming, or without any.

        A consistent snapshot if the context runs. `trtcore.stats.histogram` reads them.

        Raises:
            RunError: nothing was recorded, or the sequence of layers changed; the message names
                the iteration.
        """
        raise_fault(self._recorder)
        return recorded_histograms(self._recorder)

    def _attach(self, view: _core.Context) -> None:
        try:
            self._recorder.attach(view)
        except RuntimeError as error:
            raise RunError(f"cannot record: {error}; leave the other `with` block first") from None

    def _warn_of_newer(self) -> None:
        newest = self._bindings.newer_than
        if newest:
            warnings.warn(
                f"{self._bindings.label} is newer than {newest}, the newest release that trtcore "
                "was compared with; its C++ layout passed the self-check",
                RuntimeWarning,
                stacklevel=3,  # the user's `with` statement
            )

    def _enter_in_python(self) -> None:
        warnings.warn(
            f"{self._bindings.label} exposes no C++ pointers that can be used: profiler callbacks "
            "run in Python, which costs over a microsecond a layer",
            RuntimeWarning,
            stacklevel=3,  # the user's `with` statement
        )
        self._python_profiler = make_python_profiler(self._bindings.module, self._recorder)
        # TensorRT does not own its profiler: this reference keeps it alive until it is restored.
        self._previous_profiler = self._context.profiler
        self._context.profiler = self._python_profiler


def _refuse_own_graphs(bindings: Bindings, context: Any) -> None:
    """Refuses a context that captures CUDA graphs of its own.

    Its layers are reported with 0.0 ms, and with ``enqueue_emits_profile`` the process can crash.
    Source: both seen with TensorRT-RTX 1.6.1 on an H200.
    """
    strategies = getattr(bindings.module, "CudaGraphStrategy", None)
    strategy = _graph_strategy(context)
    if strategies is not None and strategy not in (None, strategies.DISABLED):
        raise BackendError(
            f"the context captures CUDA graphs itself (cuda_graph_strategy is {strategy.name}), "
            "so its layers cannot be timed: attach to a context that does not"
        )


def _graph_strategy(context: Any) -> Any:
    """The context's CUDA graph strategy; None where it was created without a runtime config.

    ``engine.create_execution_context()``, which Polygraphy and most programs call, uses none.
    Source: `get_runtime_config` returns None then (TensorRT-RTX 1.6.1 on an H200).
    """
    config = getattr(context, "get_runtime_config", lambda: None)()
    return getattr(config, "cuda_graph_strategy", None)


def _expected_layers(bindings: Bindings, context: Any) -> int:
    """How many layers the engine inspector reports; 0 if it reports none."""
    # Only a hint: without it an iteration that begins with a repetition may be split in two.
    try:
        return len(Engine(bindings, context.engine, None).information().layers)
    except ResultError:
        return 0
