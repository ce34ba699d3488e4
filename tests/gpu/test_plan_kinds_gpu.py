"""Plans of other kinds on a GPU: weight streaming, and outputs that TensorRT writes on the host."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import trtcore
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.measure.engine_runs.engines import run_engine
from trtcore.measure.engine_runs.records import RunOptions
from trtcore.measure.engine_runs.rounds import RunLength
from trtcore.system.clocks import ClockMonitor

pytestmark = pytest.mark.gpu


def network(bindings: Bindings) -> tuple[Any, Any, Any]:
    """A builder, an empty network and a config with one optimization profile for ``x``."""
    trt = bindings.module
    builder = trt.Builder(bindings.logger)
    empty = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    config = builder.create_builder_config()
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    profile = builder.create_optimization_profile()
    profile.set_shape("x", (1, 64), (4, 64), (8, 64))
    config.add_optimization_profile(profile)
    return builder, empty, config


def test_the_record_tells_the_memory_of_a_context() -> None:
    profile = trtcore.profile_model("googlenet", batch=4, iterations=20)
    assert profile.build is not None
    assert profile.build.memory is not None
    # What lives between the layers of GoogLeNet at batch 4: megabytes, not gigabytes.
    assert 1 << 20 < profile.build.memory.context_bytes < 1 << 30
    assert profile.build.memory.streamable_weights_bytes == 0
    assert profile.build.memory.weight_streaming_budget_bytes is None
    assert profile.build.memory.stripped_weights_bytes == 0


def test_a_plan_for_weight_streaming_tells_its_budget(bindings: Bindings) -> None:
    trt = bindings.module
    builder, net, config = network(bindings)
    x = net.add_input("x", trt.float32, (-1, 64))
    weights = np.random.default_rng(0).standard_normal((64, 64), dtype=np.float32)
    matrix = net.add_constant((64, 64), trt.Weights(weights)).get_output(0)
    kinds = trt.MatrixOperation.NONE, trt.MatrixOperation.NONE
    product = net.add_matrix_multiply(x, kinds[0], matrix, kinds[1]).get_output(0)
    product.name = "y"
    net.mark_output(product)
    config.set_flag(trt.BuilderFlag.WEIGHT_STREAMING)
    plan = builder.build_serialized_network(net, config)
    assert plan is not None, bindings.log.last_error()
    profile = trtcore.profile_plan(bytes(plan), iterations=20)
    assert profile.build is not None
    memory = profile.build.memory
    assert memory is not None
    assert memory.streamable_weights_bytes >= weights.nbytes
    # By default nothing is streamed.
    assert memory.weight_streaming_budget_bytes is not None
    assert memory.weight_streaming_budget_bytes >= memory.streamable_weights_bytes


@pytest.mark.parametrize("sync", ["enqueue", "execute"])
def test_an_output_in_host_memory(bindings: Bindings, sync: str) -> None:
    trt = bindings.module
    builder, net, config = network(bindings)
    x = net.add_input("x", trt.float32, (-1, 64))
    relu = net.add_activation(x, trt.ActivationType.RELU).get_output(0)
    shape = net.add_shape(x).get_output(0)
    relu.name, shape.name = "y", "shape"
    net.mark_output(relu)
    assert net.mark_output_for_shapes(shape)
    plan = builder.build_serialized_network(net, config)
    assert plan is not None, bindings.log.last_error()
    options = RunOptions(RunLength(20), batch=3, sync=sync, calibrate=False)
    ran = run_engine(bindings, bytes(plan), "plan", options, ClockMonitor())
    assert ran.outputs["shape"].tolist() == [3, 64]
    assert (ran.outputs["y"] >= 0).all()
    assert (ran.outputs["y"] > 0).any()
