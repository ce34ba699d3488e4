"""ABI checks of the native half: no vtable slot is called before the layout was verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.errors import BackendError, RunError
from trtcore.measure import _core

_PROBE = "trtcore-abi-check"

# One message for every kind in `_core.FAULT_KINDS`; tests hold the two together.
REASONS: Mapping[_core.FaultKind, str] = {
    "unexpected layer": "expected '{expected}' at position {position}, got '{received}'",
    "missing layers": "it ended before '{expected}' at position {position}",
    "no layers": "no layer was reported, as with a CUDA graph strategy or a plan of one kernel",
    "no repetition": "the reported names never repeat",
    "out of memory": "not enough memory for the samples",
}


def native_context(bindings: Bindings, context: Any) -> _core.Context | None:
    """Returns the checked native view of a context; None where the callbacks run in Python.

    Raises:
        BackendError: the C++ layout is not the one expected of this version of TensorRT.
    """
    if bindings.layout is None:
        return None
    # First by type information, which calls nothing; then by two harmless properties.
    layout = _core.profiler_layout(bindings.module.Profiler())
    if layout != bindings.layout:
        raise BackendError(
            f"{bindings.label}: its IProfiler has C++ layout {layout}, expected {bindings.layout}; "
            "this version of trtcore does not support it"
        )
    view = _core.Context(context, bindings.layout)
    check_slots(view, context, bindings.label)
    return view


def check_slots(view: _core.Context, context: Any, label: str) -> None:
    """Sets two properties through TensorRT's own bindings and reads them back through the slots.

    Raises:
        BackendError: the values read differ from those set.
    """
    name, emits = context.name, context.enqueue_emits_profile
    try:
        for probe in (False, True):
            context.enqueue_emits_profile = probe
            context.name = f"{_PROBE}-{probe}"
            if view.enqueue_emits_profile is not probe or view.name != context.name:
                raise BackendError(
                    f"{label}: its C++ layout is not the one expected (ABI self-check failed)"
                )
    finally:
        # The context may be a user's own, given to `attach`: it gets back what it had.
        context.name, context.enqueue_emits_profile = name, emits


def raise_fault(recorder: _core.LayerRecorder) -> None:
    """Raises the recorder's fault, if it has one.

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
