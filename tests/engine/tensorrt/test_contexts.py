"""What contexts of one engine share, over stand-ins for what needs a GPU."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from runtime_caches import Cache, forget

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.contexts import Contexts
from trtcore.engine.tensorrt.logger import MessageLog
from trtcore.engine.tensorrt.runtime import Engine, check_shape_values
from trtcore.errors import OptionError, RunError
from trtcore.result.types.shapes import Specialization

EAGERLY = "EAGER of the bindings"


class CudaEngine:
    """Makes contexts; each compiles what the cache does not have."""

    device_memory_size_v2 = 3 << 20

    def __init__(self, *, is_dynamic: bool = False) -> None:
        self.caches: list[Cache] = []
        self.configs: list[Any] = []
        self.compiled = 0
        self.fails = False
        self.reads_shape = False
        self.num_io_tensors, self._shape = 1, (-1 if is_dynamic else 4, 3)

    def get_tensor_name(self, _: int) -> str:
        return "x"

    def get_tensor_mode(self, _: str) -> str:
        return "in"

    def get_tensor_shape(self, _: str) -> tuple[int, ...]:
        return self._shape

    def get_tensor_location(self, _: str) -> str:
        return "host" if self.reads_shape else "device"

    def get_tensor_profile_shape(self, _: str, profile: int) -> tuple[tuple[int, ...], ...]:
        assert profile == 0
        return (1, 3), (4, 3), (8, 3)

    def create_runtime_config(self) -> Any:
        config = SimpleNamespace(create_runtime_cache=Cache, set_runtime_cache=self.caches.append)
        self.configs.append(config)
        return config

    def create_execution_context(self, *configured: Any) -> Any:
        if self.fails:
            return None
        if configured and not self.caches[-1].content:
            self.caches[-1].content = b"kernels"
            self.compiled += 1
        return object()


def engine_of(cuda: CudaEngine, name: str = "tensorrt_rtx", *, has_eager: bool = True) -> Engine:
    module = SimpleNamespace(
        TensorIOMode=SimpleNamespace(INPUT="in"), TensorLocation=SimpleNamespace(HOST="host")
    )
    if has_eager:
        module.DynamicShapesKernelSpecializationStrategy = SimpleNamespace(EAGER=EAGERLY)
    return Engine(Bindings(name, module, "1.7.1", 11, MessageLog(), None), cuda, None)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path))
    forget()
    return tmp_path


@pytest.mark.parametrize("use_cache", [True, False])
def test_contexts_share_what_was_compiled(folder: Path, use_cache: bool) -> None:
    cuda = CudaEngine()
    contexts = Contexts(engine_of(cuda), b"plan", use_cache=use_cache)
    assert contexts.create() is not contexts.create()
    assert (cuda.compiled, len(cuda.configs)) == (1, 1)
    assert len(list(folder.iterdir())) == use_cache


@pytest.mark.parametrize("is_another_process", [False, True])
def test_the_next_engine_finds_it(is_another_process: bool) -> None:
    Contexts(engine_of(CudaEngine()), b"plan").create()
    if is_another_process:
        forget()
    again, other = CudaEngine(), CudaEngine()
    Contexts(engine_of(again), b"plan").create()
    Contexts(engine_of(other), b"another plan").create()
    assert (again.compiled, other.compiled) == (0, 1)


@pytest.mark.parametrize("which", ["none", "dynamic", "reads a shape", "named"])
def test_engines_share_a_cache_unless_it_is_stored_again(which: str) -> None:
    engines = [CudaEngine(is_dynamic=which == "dynamic") for _ in range(2)]
    for cuda in engines:
        cuda.reads_shape = which == "reads a shape"
        Contexts(engine_of(cuda), b"plan", is_named=which == "named").create()
    assert [cuda.compiled for cuda in engines] == [1, 0]
    assert (engines[0].caches == engines[1].caches) == (which == "none")


def test_threads_create_contexts_of_one_plan_one_after_the_other() -> None:
    inside: list[int] = []
    most: list[int] = []

    class Slow(CudaEngine):
        def create_execution_context(self, *configured: Any) -> Any:
            inside.append(1)
            time.sleep(0.01)
            most.append(len(inside))
            inside.pop()
            return super().create_execution_context(*configured)

    engines = [engine_of(Slow()) for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as threads:
        list(threads.map(lambda engine: Contexts(engine, b"plan").create(), engines))
    assert most == [1] * len(engines)


@pytest.mark.parametrize(
    ("is_dynamic", "is_named", "is_more"),
    [(True, False, True), (False, True, True), (False, False, False)],
)
def test_kernels_of_a_run_are_stored_where_there_can_be_more(
    folder: Path, is_dynamic: bool, is_named: bool, is_more: bool
) -> None:
    cuda = CudaEngine(is_dynamic=is_dynamic)
    contexts = Contexts(engine_of(cuda), b"plan", is_named=is_named)
    contexts.create()
    (entry,) = folder.iterdir()
    before = entry.stat().st_mtime_ns
    contexts.keep_more()
    assert entry.stat().st_mtime_ns == before
    cuda.caches[0].content = b"kernels and those for a shape"
    contexts.keep_more()
    assert entry.read_bytes().endswith(b"for a shape") is is_more
    assert cuda.caches[0].calls == ["serialize"] * (3 if is_more else 1)


@pytest.mark.parametrize(
    ("is_dynamic", "has_eager", "name", "expected", "asked"),
    [
        (True, True, "tensorrt_rtx", Specialization.EAGER, EAGERLY),
        (True, False, "tensorrt_rtx", Specialization.LAZY, None),
        (False, True, "tensorrt_rtx", Specialization.NONE, None),
        (True, True, "tensorrt", Specialization.NONE, None),
    ],
)
def test_kernels_for_shapes_are_compiled_at_once_where_there_are_any(
    is_dynamic: bool, has_eager: bool, name: str, expected: Specialization, asked: str | None
) -> None:
    cuda = CudaEngine(is_dynamic=is_dynamic)
    contexts = Contexts(engine_of(cuda, name, has_eager=has_eager), b"plan")
    contexts.create()
    assert contexts.specialization == expected
    strategies = [
        vars(config).get("dynamic_shapes_kernel_specialization_strategy") for config in cuda.configs
    ]
    assert strategies == ([] if name == "tensorrt" else [asked])


def test_no_context_says_what_it_needs() -> None:
    cuda = CudaEngine()
    cuda.fails = True
    with pytest.raises(RunError) as error:
        Contexts(engine_of(cuda), b"plan").create()
    assert str(error.value) == (
        "no execution context: TensorRT gave no reason "
        "(it needs 3.0 MiB of device memory beside its weights)"
    )


def test_kernels_are_compiled_at_once_where_values_decide_shapes() -> None:
    cuda = CudaEngine()
    cuda.reads_shape = True
    contexts = Contexts(engine_of(cuda), b"plan")
    assert contexts.specialization is Specialization.EAGER
    assert cuda.configs[0].dynamic_shapes_kernel_specialization_strategy is EAGERLY


def test_values_outside_the_plan_are_one_line() -> None:
    cuda = CudaEngine()
    cuda.reads_shape = True
    cuda.get_tensor_profile_values = lambda profile, name: [[1, 8], [3, 8], [4, 8]]  # type: ignore[attr-defined]
    engine = engine_of(cuda)
    assert engine.shape_inputs == ("x",)
    assert engine.shape_values("x").optimum == (3, 8)
    check_shape_values(engine, {"x": (4, 8)})
    for wrong in ((5, 8), (4, 8, 1), (0, 8)):
        with pytest.raises(OptionError) as error:
            check_shape_values(engine, {"x": wrong})
        found = ",".join(map(str, wrong))
        assert str(error.value) == (
            f"input 'x' decides shapes and takes 1,8 to 4,8, {found} was asked for"
        )
