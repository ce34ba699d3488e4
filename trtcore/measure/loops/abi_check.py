"""The native half behind checks: nothing is called through a slot before it was seen to fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.errors import BackendError, RunError
from trtcore.measure import _core

_PROBE = "trtcore-abi-check"

# Of every kind of fault that the native half knows.
REASONS: Mapping[_core.FaultKind, str] = {
    "unexpected layer": "expected '{expected}' at position {position}, got '{received}'",
    "missing layers": "it ended before '{expected}' at position {position}",
    "no layers": "no layer was reported; a CUDA graph strategy or a plan of one kernel does so",
    "no repetition": "the reported names never repeat",
    "out of memory": "there is no memory left for the samples",
}


def native_context(bindings: Bindings, context: Any) -> _core.Context | None:
    """Returns the checked native view of a context; None where Python has to do the callbacks.

    Raises:
        BackendError: the C++ side is not as this version of TensorRT is known to be.
    """
    if bindings.layout is None:
        return None
    found = _core.profiler_layout(bindings.module.Profiler())
    if found != bindings.layout:
        raise BackendError(
            f"{bindings.label}: its IProfiler has layout {found}, expected {bindings.layout}; "
            "this trtcore does not know it"
        )
    view = _core.Context(context, bindings.layout)
    check_slots(view, context, bindings.label)
    return view


def check_slots(view: _core.Context, context: Any, label: str) -> None:
    """Sets two properties through TensorRT's own bindings and reads them back through the slots.

    Raises:
        BackendError: they do not follow.
    """
    name, emits = context.name, context.enqueue_emits_profile
    try:
        for probe in (False, True):
            context.enqueue_emits_profile = probe
            context.name = f"{_PROBE}-{probe}"
            if view.enqueue_emits_profile is not probe or view.name != context.name:
                raise BackendError(
                    f"{label}: its C++ layout is not the one this trtcore knows (self-check failed)"
                )
    finally:
        context.name, context.enqueue_emits_profile = name, emits


def raise_fault(recorder: _core.LayerRecorder) -> None:
    """Raises what the recorder found wrong, if anything.

    Raises:
        RunError: names the iteration, the position and the layer.
    """
    fault = recorder.fault
    if fault is None:
        return
    kind, iteration, position, received = fault
    expected = recorder.names[position] if position < len(recorder.names) else "the end"
    reason = REASONS[kind].format(expected=expected, position=position, received=received)
    raise RunError(f"the layer sequence changed in iteration {iteration}: {reason}")
