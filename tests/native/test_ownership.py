"""A context never holds a dead recorder, whatever dies first."""

from __future__ import annotations

import gc
import itertools
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from trtcore.measure import _core


@pytest.fixture(autouse=True, scope="module")
def only_new_objects() -> Iterator[None]:
    """A collection looks at what these tests make, not at every module of the process."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize(
    "order",
    list(itertools.permutations(["recorder", "view", "context", "samples"])),
    ids="-".join,
)
def test_python_objects_may_die_in_any_order(rig: Any, order: tuple[str, ...]) -> None:
    alive: dict[str, Any] = {"context": rig.context, "view": rig.view}
    alive["recorder"] = _core.LayerRecorder(_core.IterationBoundary.INFERRED, 8, 3)
    alive["recorder"].attach(rig.view)
    rig.context.enqueue_emits_profile = True
    rig.context.execute_async_v3(0)
    rig.context.execute_async_v3(0)
    alive["samples"] = alive["recorder"].samples()
    del rig.context, rig.view
    for name in order:
        del alive[name]
        gc.collect()
        if "context" in alive:
            assert alive["context"].execute_async_v3(0)
        if "samples" in alive:
            assert alive["samples"].tolist() == [[0.5, 0.25, 1.5]] * 2


def test_an_attached_recorder_keeps_the_context_alive_until_detached(rig: Any) -> None:
    recorder = _core.LayerRecorder()
    context = rig.context
    references = _references(context)
    recorder.attach(_core.Context(context, rig.layout))
    assert _references(context) > references
    recorder.detach()
    assert _references(context) == references


def test_a_detached_recorder_hears_nothing(rig: Any) -> None:
    recorder = _core.LayerRecorder(_core.IterationBoundary.INFERRED, 8)
    recorder.attach(rig.view)
    recorder.detach()
    rig.context.enqueue_emits_profile = True
    assert rig.context.execute_async_v3(0)
    assert recorder.iterations == 0
    assert not recorder.is_attached
    recorder.detach()


def test_another_recorder_can_follow(rig: Any, recorder: _core.LayerRecorder) -> None:
    rig.record(recorder, 2)
    recorder.detach()
    follower = _core.LayerRecorder()
    follower.attach(rig.view)
    rig.record(follower, 1)
    follower.reserve(5)
    rig.record(follower, 5)
    assert recorder.samples().shape == (2, 3)
    assert follower.samples().shape == (5, 3)


def test_two_recorders_on_one_context_are_refused(rig: Any, recorder: _core.LayerRecorder) -> None:
    with pytest.raises(RuntimeError, match="another recorder is attached to this context"):
        _core.LayerRecorder().attach(rig.view)
    assert recorder.is_attached


def test_one_recorder_on_two_contexts_is_refused(rig: Any, recorder: _core.LayerRecorder) -> None:
    with pytest.raises(RuntimeError, match="attached to a context already"):
        recorder.attach(rig.view)


@pytest.mark.parametrize("has_own_profiler", [False, True])
def test_a_context_keeps_one_port_however_often_it_is_attached(
    rig: Any, has_own_profiler: bool
) -> None:
    if has_own_profiler:
        rig.context.set_own_profiler()
    ports = []
    for _ in range(1000):
        recorder = _core.LayerRecorder()
        recorder.attach(rig.view)
        ports.append(_core.count_profiler_ports())
        recorder.detach()
    assert set(ports) == {ports[0]}
    assert rig.context.has_own_profiler is has_own_profiler
    assert rig.view.has_profiler


def _references(context: Any) -> int:
    gc.collect()
    return sys.getrefcount(context)
