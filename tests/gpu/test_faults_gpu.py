"""A GPU that fails: no memory, an illegal address in the loop, what TensorRT says of it."""

from __future__ import annotations

import gc
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cuda.bindings import runtime
from memory import own_device_kib
from numpy.typing import NDArray

import trtcore
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import Plan
from trtcore.engine.tensorrt.contexts import Contexts
from trtcore.engine.tensorrt.runtime import load_engine
from trtcore.errors import RunError
from trtcore.measure.device.cuda import Stream, free_memory_bytes
from trtcore.measure.device.tensors import bind_tensors, set_addresses
from trtcore.result.phases import Phase
from trtcore.result.records.samples import Samples
from trtcore.result.saved import load_profile

pytestmark = pytest.mark.gpu

FAULTY = Path(__file__).with_name("faulty.py")
PROFILE = [sys.executable, "-m", "trtcore.profile"]

# What CUDA and TensorRT call error 700, wherever it comes up first.
STICKY = re.compile(r"illegal memory access|CUDA error 700|failed in iteration \d+", re.IGNORECASE)
# The page needs the extra `report`, which a machine with a GPU may lack.
HAS_HTML = all(importlib.util.find_spec(name) for name in ("plotly", "jinja2"))
SETTLED, HALF = 5, 45
# What CUDA takes from a device at a time; an engine alone needs more.
STEP = 2 << 20


@pytest.fixture
def plan_path(small_plans: dict[str, Plan], tmp_path: Path) -> Path:
    path = tmp_path / "small.plan"
    path.write_bytes(small_plans["fp16"].content)
    return path


def run(command: list[Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def errors_of(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """The error lines; there is no traceback, and no signal ended the process."""
    print(ran.returncode, ran.stderr)
    assert "Traceback" not in ran.stderr
    assert ran.returncode >= 0
    return [line for line in ran.stderr.splitlines() if line.startswith("trtcore: error: ")]


def test_an_illegal_address_in_a_recorded_loop_costs_no_earlier_iteration(plan_path: Path) -> None:
    ran = run([sys.executable, FAULTY, "attach", plan_path])
    assert errors_of(ran) == []
    assert ran.returncode == 0
    left = json.loads(ran.stdout.splitlines()[-1])
    # The failing iteration itself may have been reported or not.
    assert left["before"] == 20
    assert left["after"] in (20, 21)
    assert left["same"]
    assert left["failed"]
    # CUDA is gone for the process: every later call says so in a line, and none crashes.
    assert len(left["again"]) == 2
    assert all("\n" not in text for text in left["again"])


@pytest.mark.parametrize("more", [[], ["--stream"], ["--sync", "execute"]], ids=" ".join)
def test_an_illegal_address_in_a_profiled_loop_is_told_once_and_costs_no_earlier_round(
    plan_path: Path, tmp_path: Path, more: list[str]
) -> None:
    saved, page = tmp_path / "result.json", tmp_path / "page.html"
    files = ["--save", saved, *(["--html", page] if HAS_HTML else [])]
    ran = run([sys.executable, FAULTY, "profile", plan_path, "--no-calibration", *files, *more])
    (error,) = errors_of(ran)
    assert ran.returncode == 1
    # Cleaning up after it has nothing more to say: contexts, events, streams, graphs, buffers.
    assert [line for line in ran.stderr.splitlines() if STICKY.search(line)] == [error]
    assert error.startswith("trtcore: error: the run failed in iteration ")
    assert "(CUDA error 700, cudaErrorIllegalAddress)" in error
    assert error.endswith("; 300 of 1000 profiled iterations were measured before it")
    left = load_profile(saved)
    assert left.counts.interrupted
    assert left.counts.measured == 300
    assert_is_whole(left.samples)
    failure = left.counts.failure
    assert failure is not None
    assert (failure.cuda_error, failure.cuda_name) == (700, "cudaErrorIllegalAddress")
    # It came up in the round that was poisoned, in its first pass.
    assert failure.phase is Phase.ENQUEUED
    assert 300 <= (failure.iteration or 0) < 400
    # The report breaks lines, and words that are longer than one.
    said = error.removeprefix("trtcore: error: ")
    assert "".join(said.split()) in "".join(ran.stdout.split())
    assert not HAS_HTML or "the run failed in iteration" in page.read_text()


def assert_is_whole(samples: Samples) -> None:
    """Every time that was kept is one of an iteration that ended."""
    every = [value for value in vars(samples).values() if isinstance(value, np.ndarray)]
    assert all(np.isfinite(times).all() for times in every)
    assert len(samples.wall_ms)
    assert len(samples.layer_ms)
    if samples.layer_histograms is None:
        assert len(samples.layer_ms) == len(samples.profiled_wall_ms) == 300
        assert 300 <= len(samples.wall_ms) < 400


def test_an_error_of_the_api_carries_what_was_measured(plan_path: Path) -> None:
    ran = run([sys.executable, FAULTY, "api", plan_path])
    assert errors_of(ran) == []
    assert ran.returncode == 0
    left = json.loads(ran.stdout.splitlines()[-1])
    assert left == {"error": "RunError", "measured": 300, "layers": 300, "cuda_error": 700}


@contextmanager
def held(left_mib: int) -> Iterator[None]:
    """Another process has all device memory but so much."""
    command = [sys.executable, FAULTY, "hold", str(left_mib)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.communicate()


# Too little for CUDA to start; a driver's own need on a GPU of today, and something beyond it.
@pytest.mark.parametrize("left_mib", [64, 512, 640, 1024])
def test_memory_that_another_process_holds_is_a_line(plan_path: Path, left_mib: int) -> None:
    gc.collect()
    command = [*PROFILE, str(plan_path), "--iterations", "10", "--no-calibration", "--peak", "none"]
    with held(left_mib):
        ran = run(command)
    errors = errors_of(ran)
    if left_mib == 64:
        assert ran.returncode
    assert len(errors) == (1 if ran.returncode else 0)
    assert all("memory" in error for error in errors)
    assert run(command).returncode == 0, "nothing is wrong once the memory is back"


def test_what_tensorrt_logged_is_in_the_error(
    small_plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    from trtcore.measure.engine_runs import engines

    bind = engines.bind_tensors

    def forgetful(engine: Any, contexts: Any, names: Any) -> Any:
        tensors = bind(engine, contexts, names)
        for context in contexts:
            assert all(context.set_tensor_address(name, 0) for name in names)
        return tensors

    monkeypatch.setattr(engines, "bind_tensors", forgetful)
    with pytest.raises(RunError, match="enqueueV3 failed in iteration 0: ") as raised:
        trtcore.profile_plan(small_plans["fp16"].content, iterations=10)
    said = str(raised.value)
    print(said)
    assert "gave no reason" not in said
    assert "\n" not in said


def test_a_process_that_keeps_its_contexts_ends_well(plan_path: Path) -> None:
    """Contexts, the cache of their kernels, and CUDA are taken down in no certain order."""
    kept = (
        "import sys, pathlib; from trtcore.engine.choice import choose_backend; "
        "from trtcore.engine.tensorrt.contexts import Contexts; "
        "from trtcore.engine.tensorrt.runtime import load_engine; "
        "plan = pathlib.Path(sys.argv[1]).read_bytes(); "
        "engine = load_engine(choose_backend('auto').bindings, plan, 'the plan'); "
        "made = [Contexts(engine, plan).create() for _ in range(2)]; print(len(made))"
    )
    ran = run([sys.executable, "-c", kept, plan_path])
    assert (ran.returncode, ran.stdout) == (0, "2\n"), ran.stderr


@pytest.mark.usefixtures("short_warm_up")
def test_fifty_profiles_keep_no_memory_of_the_device_or_the_host(
    small_plans: dict[str, Plan],
) -> None:
    plan = small_plans["fp16"].content
    lost, grown = growth(
        lambda: trtcore.profile_plan(plan, iterations=20, calibrate=False, peak="none"), parts=1
    )
    # 2 MiB is what CUDA takes from a device at a time; the engine alone needs more.
    assert lost[0] < STEP
    # An eighth of a MiB a run: an engine, a result or a context each take more.
    assert grown[0] < HALF << 17


@pytest.mark.usefixtures("short_warm_up")
def test_ninety_profiles_keep_no_more_memory_than_as_many_loads(
    bindings: Bindings, small_plans: dict[str, Plan]
) -> None:
    """Two halves of 45 runs each, after five in which libraries and pools are set up.

    CUDA takes 2 MiB of a device at a time, so that one step more in 45 runs says nothing by itself:
    it may be a kernel that is loaded late, or a pool that grows once. A leak of 2 MiB in 45 runs
    takes such a step in either half. What is not the measurement's is what the same plan costs that
    is loaded, run in two contexts and dropped.
    """
    plan = small_plans["fp16"].content

    def profile() -> None:
        trtcore.profile_plan(plan, iterations=20, calibrate=False, peak="none")

    own = growth(partial(load_and_run, bindings, plan), parts=2)
    ours = growth(profile, parts=2)
    for name, found in (("loads", own), ("profiles", ours)):
        print(f"{name}, MiB of device and host in {HALF} runs, and in {HALF} more: {found / 2**20}")
    lost, grown = ours
    assert min(lost) < STEP
    # And a step that comes once is one step: more at a time is something that was kept.
    assert max(lost) <= STEP
    # An eighth of a MiB a run: an engine, a result or a context each take more.
    assert min(grown) - max(own[1]) < HALF << 17


def load_and_run(bindings: Bindings, plan: bytes) -> None:
    """Loads a plan and runs it in two contexts, about as often as a short profile does."""
    engine = load_engine(bindings, plan, "the plan")
    made = Contexts(engine, plan)
    contexts = [made.create() for _ in range(2)]
    tensors = bind_tensors(engine, contexts, engine.tensor_names)
    with Stream() as stream:
        for context in contexts:
            set_addresses(context, tensors)
            for _ in range(60):
                assert context.execute_async_v3(stream.handle)
            assert int(runtime.cudaStreamSynchronize(stream.handle)[0]) == 0
    for tensor in tensors:
        tensor.buffer.free()


def growth(run: Callable[[], object], parts: int) -> NDArray[np.float64]:
    """How many bytes of the device, and of the host, there are more after each 45 runs.

    Of the device it is what nvidia-smi tells of this process, else what is used of all of it.
    """
    used = []
    for i in range(SETTLED + parts * HALF + 1):
        run()
        gc.collect()
        if (i - SETTLED) % HALF == 0 and i >= SETTLED:
            host = int(Path("/proc/self/statm").read_text().split()[1]) * 4096
            own = own_device_kib()
            used.append((-free_memory_bytes() if own is None else own << 10, host))
    return np.diff(np.array(used, float), axis=0).T
