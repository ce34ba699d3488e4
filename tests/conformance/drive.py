"""Drives one wheel over the fake library and prints what it found as JSON.

Run as ``python -m conformance.drive SITE MODULE LIBRARY``, a process for each wheel: two releases
cannot be imported into one.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from conformance.building import EMPTY, Factory, nulls, outcome
from conformance.fake import Fake, Kind
from conformance.rig import ADDRESS, AsConduit, Rig

import trtcore
from trtcore.engine.tensorrt.bindings import load_bindings
from trtcore.engine.tensorrt.runtime import load_engine
from trtcore.measure import _core
from trtcore.measure.loops.abi_check import check_slots, native_context

CONDUIT = "_pybind11_conduit_v1_"


def drive(site: str, module: str, library: str) -> dict[str, Any]:
    """Everything that is found about a wheel."""
    sys.path.insert(0, site)
    bindings = load_bindings(module)
    fake = Fake(library, is_versioned=not bindings.version.startswith("10."))
    assert bindings.module.__file__.startswith(site), bindings.module.__file__
    rig = Rig(fake, bindings)
    # Those without a conduit are of layout 10.
    layout = bindings.layout or 10
    found = {
        "version": bindings.version,
        "layout": bindings.layout,
        "conduit": hasattr(bindings.module.IExecutionContext, CONDUIT),
        "newer_than": bindings.newer_than,
        "profiler_layout": _core.profiler_layout(bindings.module.Profiler()),
        "slots": rig.slots,
        "native": native_calls(rig, layout),
        "self_check": self_check(rig, layout),
        "other_layout": self_check(rig, 21 - layout),
        "attach": attach(rig),
    }
    found |= building(fake, bindings)
    # Last, because it changes the bindings.
    if found["conduit"]:
        context_type = rig.trt.IExecutionContext
        setattr(context_type, CONDUIT, lambda *_: None)
        found["foreign_id"] = attach(rig)
        delattr(context_type, CONDUIT)
        found["no_conduit"] = attach(rig)
    return found


def view_of(rig: Rig, layout: int) -> _core.Context:
    """The native view of the context, whether its bindings hand out the pointer or not."""
    return _core.Context(AsConduit(rig.address), layout)


def native_calls(rig: Rig, layout: int) -> dict[str, list[Any]]:
    """By what the native half does, the methods behind the slots it calls, as the wheel has them.

    A slot that the wheel uses for none of the methods stays a number.
    """
    view, timer = view_of(rig, layout), _core.HostTimer()
    recorder = _core.LayerRecorder()
    does: dict[str, Callable[[], object]] = {
        "name": lambda: view.name,
        "enqueue_emits_profile": lambda: view.enqueue_emits_profile,
        "set enqueue_emits_profile": lambda: setattr(view, "enqueue_emits_profile", False),
        "has_profiler": lambda: view.has_profiler,
        "persistent_cache_limit": lambda: view.persistent_cache_limit,
        "tensor_address": lambda: view.tensor_address("x"),
        "enqueue": lambda: _core.time_inference(view, timer, 1),
        "execute": lambda: _core.time_inference(view, timer, 1, [ADDRESS]),
        "attach": lambda: recorder.attach(view),
        "time_layers": lambda: _core.time_layers(view, recorder, timer, 1),
        "detach": recorder.detach,
    }
    methods = {slot: method for method, slot in rig.slots.items()}
    return {
        name: [methods.get(slot, slot) for slot in rig.fake.slots(Kind.CONTEXT, call)]
        for name, call in does.items()
    }


def self_check(rig: Rig, layout: int) -> Any:
    """What the self-check says of a layout; True where everything follows."""
    rig.context.set_tensor_address("x", ADDRESS)
    return outcome(lambda: check_slots(view_of(rig, layout), rig.context, rig.bindings.label))


def attach(rig: Rig) -> Any:
    """Three iterations in a loop of our own: the names, the times, the warnings, and who timed."""

    def record() -> dict[str, Any]:
        bindings = load_bindings(rig.bindings.name)
        rig.context.enqueue_emits_profile = True
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with trtcore.attach(rig.context) as recorder:
                for _ in range(3):
                    rig.context.execute_async_v3(0)
        return {
            "native": native_context(bindings, rig.context) is not None,
            "names": recorder.names,
            "ms": recorder.samples().tolist(),
            "warnings": [str(one.message) for one in warned],
        }

    return outcome(record)


def building(fake: Fake, bindings: Any) -> dict[str, Any]:
    """Building, loading, the timing cache, and every null."""
    factory = Factory(fake, bindings)
    builds = [outcome(factory.build)]
    factory.resize(EMPTY)
    # The first of these finds what was timed before; it leaves an empty cache to the second.
    builds += [outcome(factory.build), outcome(factory.build)]
    return {
        "builds": builds,
        "load": outcome(lambda: load_engine(bindings, b"plan", "net.plan").tensor_names),
        "nulls": nulls(fake, bindings, factory),
    }


if __name__ == "__main__":
    print(json.dumps(drive(*sys.argv[1:])))
    sys.stdout.flush()
    # The objects of the library are not to be taken apart in whatever order Python ends in.
    os._exit(0)
