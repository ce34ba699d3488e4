"""Recording somebody else's loop on a scripted context."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any

import pytest
import trtcore_fake

from trtcore.errors import RunError
from trtcore.measure.attach import attach


@pytest.fixture
def context(rig_of: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A context that reports while it is enqueued."""
    module = SimpleNamespace(Profiler=trtcore_fake.Profiler10)
    bindings = SimpleNamespace(
        name="tensorrt", layout=10, label="TensorRT 10.99", module=module, newer_than=""
    )
    monkeypatch.setattr("trtcore.measure.attach.bindings_of", lambda _: bindings)
    monkeypatch.setattr("trtcore.measure.attach._expected_layers", lambda *_: 0)
    context = rig_of(10).context
    context.enqueue_emits_profile = True
    return context


def test_every_iteration_is_recorded(context: Any) -> None:
    with attach(context) as recorder:
        for _ in range(5):
            assert context.execute_async_v3(0)
    assert recorder.names == ("conv1", "relu1", "conv1")
    assert recorder.samples().tolist() == [[0.5, 0.25, 1.5]] * 5


def test_a_context_that_is_recorded_already_is_refused_in_one_line(context: Any) -> None:
    words = "cannot record: another recorder is attached to this context; leave the other"
    with attach(context) as recorder:
        assert context.execute_async_v3(0)
        with pytest.raises(RunError, match=words):
            attach(context).__enter__()
        assert context.execute_async_v3(0)
    assert len(recorder.samples()) == 2
    with attach(context) as another:
        assert context.execute_async_v3(0)
    assert len(another.samples()) == 1


def test_one_recorder_entered_twice_is_refused_too(context: Any) -> None:
    recorder = attach(context)
    with recorder, pytest.raises(RunError, match="attached to a context already"):
        recorder.__enter__()


def test_a_version_newer_than_the_newest_proved_warns_once(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = attach(context)
    monkeypatch.setattr(recorder._bindings, "newer_than", "10.98")
    with pytest.warns(RuntimeWarning) as warned, recorder:  # noqa: PT031
        assert context.execute_async_v3(0)
        assert context.execute_async_v3(0)
    assert [str(one.message) for one in warned] == [
        "TensorRT 10.99 is newer than 10.98, the newest release that trtcore was compared with; "
        "its C++ layout passed the self-check"
    ]
    assert recorder.samples().tolist() == [[0.5, 0.25, 1.5]] * 2


def run(context: Any, iterations: int) -> None:
    """Several, because conv1 twice in one iteration is only told apart by the next."""
    for _ in range(iterations):
        assert context.execute_async_v3(0)


def test_an_exception_of_the_users_code_detaches_and_keeps_what_was_whole(context: Any) -> None:
    recorder = attach(context)
    with pytest.raises(ZeroDivisionError), recorder:  # noqa: PT012
        run(context, 3)
        raise ZeroDivisionError
    assert recorder.samples().tolist() == [[0.5, 0.25, 1.5]] * 3
    run(context, 1)
    assert len(recorder.samples()) == 3, "nothing is heard after the block"
    with attach(context) as another:
        run(context, 3)
    assert len(another.samples()) == 3


def test_a_context_that_is_dropped_while_it_is_recorded(rig_of: Any, context: Any) -> None:
    """What it reported stays, and leaving the block touches no freed memory (see make sanitize)."""
    recorder = attach(context)
    recorder.__enter__()
    run(context, 3)
    del context, recorder._context
    gc.collect()
    recorder.__exit__(None, None, None)
    assert recorder.samples().tolist() == [[0.5, 0.25, 1.5]] * 3
