"""The order of CUDA events around nodes, with events that count instead of a GPU's clock."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from onnx import TensorProto, helper

from trtcore.models.model import Model

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from trtcore.measure.nodes.torch.timing import timer_for  # noqa: E402
from trtcore.measure.nodes.torch.tracer import prepare  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def log(monkeypatch):
    """What happened on the fake GPU, in order; the place in the log is the time in ms."""
    happened = []
    numbers = itertools.count()

    class Event:
        def __init__(self, enable_timing):
            assert enable_timing
            self.number = next(numbers)

        def record(self):
            self.at = len(happened)
            happened.append(self.number)

        def elapsed_time(self, end):
            return float(end.at - self.at)

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: happened.append("wait"))
    return happened


@pytest.fixture
def graph(log):
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="first"),
        helper.make_node("Exp", ["a"], ["y"], name="second"),
    ]
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [2]) for n in "xy")
    proto = helper.make_model(helper.make_graph(nodes, "net", [x], [y]))
    prepared = prepare(Model("net", proto, "memory"), {"x": np.ones(2, np.float32)}, "cpu")
    for step in prepared.steps:
        run, name = step.kernel, step.layer.name
        object.__setattr__(step, "kernel", lambda *a, r=run, n=name: (log.append(n), r(*a))[1])
    return prepared


def test_a_pair_of_events_around_each_node_and_around_all(log, graph):
    timer = timer_for(graph, "cuda")
    for _ in range(2):
        log.clear()
        iteration = timer.with_layers()
        assert log == ["wait", 0, 2, "first", 3, 4, "second", 5, 1, "wait"]
        assert iteration.layer_ms.tolist() == [2.0, 2.0]
        assert iteration.layer_ms.dtype == np.float32
        assert iteration.gpu_ms == 7.0
        assert 0 < iteration.enqueue_ms <= iteration.wall_ms


def test_no_event_between_nodes_of_an_un_profiled_iteration(log, graph):
    timer = timer_for(graph, "cuda")
    log.clear()
    iteration = timer.without_layers()
    assert log == ["wait", 0, "first", "second", 1, "wait"]
    assert (iteration.gpu_ms, iteration.layer_ms.size) == (3.0, 0)
