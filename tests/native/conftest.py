"""The scripted execution context the native half is driven with."""

from __future__ import annotations

from typing import Any

import pytest

from trtcore import _core

trtcore_fake = pytest.importorskip(
    "trtcore_fake", reason="built without TRTCORE_TESTS=ON, which `make test` sets"
)

LAYERS = [("conv1", 0.5), ("relu1", 0.25), ("conv1", 1.5)]


class Rig:
    """A fake context, the native view of it, and a host timeline."""

    def __init__(self, layout: int, layers: list[tuple[str, float]] = LAYERS) -> None:
        self.layout = layout
        self.context = trtcore_fake.Context(layout)
        self.context.layers = layers
        self.context.enqueue_emits_profile = False
        self.view = _core.Context(self.context, layout)
        self.timeline = _core.HostTimeline()

    def record(self, recorder: _core.LayerRecorder, iterations: int, **more: Any) -> Any:
        return _core.time_layers(self.view, recorder, self.timeline, iterations, **more)


@pytest.fixture(params=[10, 11], ids=["layout10", "layout11"])
def rig(request: pytest.FixtureRequest) -> Rig:
    return Rig(request.param)


@pytest.fixture
def recorder(rig: Rig) -> _core.LayerRecorder:
    """A recorder attached to the rig that knows the layers and has room for 100 iterations."""
    recorder = _core.LayerRecorder()
    recorder.attach(rig.view)
    rig.record(recorder, 1)
    recorder.reserve(100)
    return recorder
