"""ABI checks of the native half: no vtable slot is called before the layout was verified.

Source for what is proved by them, version by version: docs/compatibility.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.errors import BackendError, RunError
from trtcore.measure import _core

_PROBE = "trtcore-abi-check"
# Bytes of L2 cache: two that differ, multiples of its lines, and small enough for every GPU.
_CACHE_LIMITS = (1 << 12, 1 << 13)
# TensorRT-RTX 1.6.1 refuses every limit on an H200, and logs an error to the context's owner.
_REFUSES_LIMITS = "tensorrt_rtx"

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

    They do where the bindings hand out no C++ pointers that this build of trtcore can take, and for
    a version that is newer than the newest proved and does not let itself be proved.

    Raises:
        BackendError: the C++ layout is not the one expected of this version of TensorRT.
    """
    if bindings.layout is None:
        return None
    try:
        view = _core.Context(context, bindings.layout)
    except TypeError:
        # The bindings were built with another compiler or C++ library than trtcore: their pybind11
        # has another platform id, and its conduit answers None.
        return None
    # First by type information, which calls nothing; then by harmless properties.
    layout = _core.profiler_layout(bindings.module.Profiler())
    if layout != bindings.layout:
        raise BackendError(
            f"{bindings.label}: its IProfiler has C++ layout {layout}, expected {bindings.layout}; "
            "this version of trtcore does not support it"
        )
    is_proved = not bindings.newer_than
    limits = () if is_proved and bindings.name == _REFUSES_LIMITS else _CACHE_LIMITS
    holds = check_slots(view, context, bindings.label, is_proved=is_proved, limits=limits)
    return view if holds else None


def check_slots(
    view: _core.Context,
    context: Any,
    label: str,
    *,
    is_proved: bool = True,
    limits: Sequence[int] = _CACHE_LIMITS,
) -> bool:
    """Sets properties through TensorRT's own bindings and reads them back through the slots.

    The cache limit comes first: it stands behind every slot in use, so that a method put in or
    taken out anywhere before it moves it, and what is called then in its place does no harm.

    Args:
        view: the native view of the context.
        context: the context.
        label: name and version of its TensorRT.
        is_proved: whether the layout of this version was compared before. If not, a context that
            does not take the cache limits is left alone: nothing says that the other slots hold.
        limits: of the persistent cache, in bytes, to set and read back. Without any the present one
            is compared.

    Returns:
        Whether the slots may be called.

    Raises:
        BackendError: the values read differ from those set.
    """
    name, emits = context.name, context.enqueue_emits_profile
    limit = context.persistent_cache_limit
    try:
        _require(view.persistent_cache_limit == limit, label)
        taken = [_follows_cache_limit(view, context, label, probe) for probe in limits]
        if not (all(taken) or is_proved):
            return False
        for probe in (False, True):
            context.enqueue_emits_profile = probe
            context.name = f"{_PROBE}-{probe}"
            _require(view.enqueue_emits_profile is probe and view.name == context.name, label)
        tensor = context.engine.get_tensor_name(0)
        _require(view.tensor_address(tensor) == context.get_tensor_address(tensor), label)
    finally:
        # The context may be a user's own, given to `attach`: it gets back what it had.
        context.name, context.enqueue_emits_profile = name, emits
        if limits:
            context.persistent_cache_limit = limit
    return True


def _follows_cache_limit(view: _core.Context, context: Any, label: str, limit: int) -> bool:
    context.persistent_cache_limit = limit
    # As TensorRT has it now: it may refuse a limit, such as on a GPU without a persistent cache.
    has = context.persistent_cache_limit
    _require(view.persistent_cache_limit == has, label)
    return bool(has == limit)


def _require(follows: bool, label: str) -> None:
    if not follows:
        raise BackendError(
            f"{label}: its C++ layout is not the one expected (ABI self-check failed)"
        )


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
