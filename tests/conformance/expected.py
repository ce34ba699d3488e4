"""What has to be found about a wheel, by topic: a column of docs/compatibility.md, and a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from conformance.building import EMPTY, PLAN, REASON
from conformance.rig import LAYERS

from trtcore.result.backends import find_backend


class Answer(NamedTuple):
    """What was found, and what it has to be."""

    found: Any
    expected: Any

    @property
    def holds(self) -> bool:
        """Whether they are the same."""
        return bool(self.found == self.expected)


Facts = dict[str, Any]

# By what the native half does, the methods it means to call.
NATIVE_CALLS = {
    "name": ["getName"],
    "enqueue_emits_profile": ["getEnqueueEmitsProfile"],
    "set enqueue_emits_profile": ["setEnqueueEmitsProfile"],
    "has_profiler": ["getProfiler"],
    "persistent_cache_limit": ["getPersistentCacheLimit"],
    "tensor_address": ["getTensorAddress"],
    "enqueue": ["enqueueV3"],
    "execute": ["executeV2"],
    "attach": ["getProfiler", "setProfiler"],
    "time_layers": ["enqueueV3", "reportToProfiler"],
    "detach": ["getProfiler", "setProfiler"],
}
SLOTS_IN_USE = len({method for methods in NATIVE_CALLS.values() for method in methods})
# What the fake library reports in each of three iterations.
_MS = [[0.5, 1.5, 2.5]] * 3


def label(facts: Facts) -> str:
    """Name and version as in messages."""
    return f"{find_backend(facts['module']).label} {facts['version']}"


def layout_of(facts: Facts) -> int | None:
    """The C++ layout of a release; None where its bindings have no conduit."""
    release = tuple(int(part) for part in facts["version"].split(".")[:2])
    if facts["module"] == "tensorrt_rtx" or release >= (11, 0):
        return 11
    return 10 if release >= (10, 16) else None


def slots(facts: Facts) -> Answer:
    """Every method that the native half calls is the one the bindings call by that name."""
    return Answer(facts["native"], NATIVE_CALLS)


def self_check(facts: Facts) -> Answer:
    """The check passes the right layout and refuses the other one."""
    refusal = (
        f"BackendError: {label(facts)}: its C++ layout is not the one expected (ABI self-check "
        "failed)"
    )
    layout = layout_of(facts)
    found = [facts[key] for key in ("self_check", "other_layout", "layout", "profiler_layout")]
    return Answer(found, [True, refusal, layout, layout])


def attach(facts: Facts) -> Answer:
    """A loop of one's own is recorded, natively where there is a conduit."""
    return Answer(facts["attach"], _recorded(facts, native=facts["conduit"]))


def fallback(facts: Facts) -> Answer:
    """Without a conduit, or with one for another compiler, Python records, with one warning."""
    in_python = _recorded(facts, native=False)
    if not facts["conduit"]:
        return Answer([facts["attach"]], [in_python])
    return Answer([facts["foreign_id"], facts["no_conduit"]], [in_python] * 2)


def _recorded(facts: Facts, *, native: bool) -> dict[str, Any]:
    warnings = []
    if not native:
        warnings = [
            f"{label(facts)} exposes no C++ pointers that can be used: profiler callbacks run in "
            "Python, which costs over a microsecond a layer"
        ]
    elif facts["newer_than"]:
        warnings = [
            f"{label(facts)} is newer than {facts['newer_than']}, the newest release that trtcore "
            "was compared with; its C++ layout passed the self-check"
        ]
    return {"native": native, "names": list(LAYERS), "ms": _MS, "warnings": warnings}


def building(facts: Facts) -> Answer:
    """A plan is built and loaded."""
    plans = [one[0] if isinstance(one, list) else one for one in facts["builds"]]
    small = PLAN[:EMPTY].decode()
    return Answer([plans, facts["load"]], [[PLAN.decode(), small, small], []])


def timing_cache(facts: Facts) -> Answer:
    """It is created, reused where it holds something, and its failures cost no plan."""
    nulls = facts["nulls"]
    plan = PLAN[:EMPTY].decode()
    failed = [nulls[f"timing cache, {call}"] for call in ("create", "set", "get", "serialize")]
    kept = [one[0] if isinstance(one, list) else one for one in failed]
    used = [one[1] if isinstance(one, list) else "" for one in facts["builds"]]
    # A cache that was not made or not taken has done nothing for the build.
    unused = [one[1] if isinstance(one, list) else "" for one in failed[:2]]
    if facts["module"] == "tensorrt_rtx":
        return Answer([used, kept, unused], [["none"] * 3, [plan] * 4, ["none"] * 2])
    uses = ["timing cache created", "timing cache reused", "timing cache created"]
    return Answer([used, kept, unused], [uses, [plan] * 4, ["none"] * 2])


# What a null has to become: the kind of error, whose text holds TensorRT's reason.
_NULL_ERRORS = {
    "builder, error": "BuildError",
    "builder, warning": "BuildError",
    "runtime, error": "BackendError",
    "runtime, warning": "BackendError",
    "context": "RunError",
    "engine": "EngineLoadError",
}


def nulls(facts: Facts) -> Answer:
    """A builder, runtime, engine or context that cannot be made is an error with the reason."""
    texts = {name: str(facts["nulls"][name]) for name in _NULL_ERRORS}
    found = {
        name: text.partition(":")[0] if REASON in text else text for name, text in texts.items()
    }
    return Answer(found, _NULL_ERRORS)


TOPICS: dict[str, Callable[[Facts], Answer]] = {
    "slots": slots,
    "self-check": self_check,
    "attach": attach,
    "fallback": fallback,
    "build, load": building,
    "timing cache": timing_cache,
    "nulls": nulls,
}
