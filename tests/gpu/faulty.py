"""A process in which the GPU fails, as a sticky CUDA error kills all of a process's CUDA.

``python faulty.py FAULT PLAN ...``; see the functions for what each prints and ends with.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Writes to an address that no allocation holds. The driver compiles it for the GPU at hand; 7.5 is
# the oldest architecture of CUDA 13.
POKE = b"""
.version 6.3
.target sm_75
.address_size 64
.visible .entry poke() {
  .reg .u64 %address;
  .reg .u32 %value;
  mov.u64 %address, 16;
  mov.u32 %value, 1;
  st.global.u32 [%address], %value;
  ret;
}
\0"""


def done(answer: tuple[Any, ...]) -> Any:
    """The value of a call of cuda-python that succeeded."""
    status, *values = answer
    assert int(status) == 0, status
    return values[0] if values else None


def poison() -> Callable[[int], None]:
    """Loads a kernel into the current context; what it returns launches that on a stream."""
    from cuda.bindings import driver

    function = done(driver.cuModuleGetFunction(done(driver.cuModuleLoadData(POKE)), b"poke"))

    def launch(stream: int) -> None:
        done(driver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, driver.CUstream(stream), 0, 0))

    return launch


def attach(plan: str) -> int:
    """Poisons the stream of a foreign loop that is recorded; prints what is left, as JSON."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from foreign_loop import Running

    import trtcore
    from trtcore.engine.choice import choose_backend
    from trtcore.errors import TrtcoreError
    from trtcore.measure.device.cuda import Stream

    bindings = choose_backend("auto").bindings
    assert bindings is not None
    running, failed = Running(bindings, Path(plan).read_bytes()), ""
    with Stream() as stream:
        launch = poison()
        with trtcore.attach(running.context) as recorder:
            for _ in range(20):
                running.infer(stream.handle)
            before = recorder.samples()
            launch(stream.handle)
            try:
                running.infer(stream.handle)
            except (AssertionError, TrtcoreError) as error:
                failed = repr(error)
        after = recorder.samples()
    again = []
    for _ in range(2):
        try:
            trtcore.profile_plan(plan, iterations=10)
        except TrtcoreError as error:
            again.append(str(error))
    same = bool((after[:20] == before).all())
    shown = {"before": len(before), "after": len(after), "same": same}
    print(json.dumps({**shown, "failed": failed, "again": again}))
    return 0


def profile(plan: str, *options: str) -> int:
    """Poisons the GPU in the fourth of ten rounds of ``trtcore profile``; ends as that does."""
    from trtcore.cli import main

    poison_fourth_round()
    return main(["profile", plan, "--iterations", "1000", "--peak", "none", *options])


def api(plan: str) -> int:
    """The same in Python; prints what the error carries, as JSON."""
    import trtcore
    from trtcore.errors import TrtcoreError

    poison_fourth_round()
    try:
        trtcore.profile_plan(plan, iterations=1000, peak="none", calibrate=False)
    except TrtcoreError as error:
        left: Any = error.result  # type: ignore[attr-defined]
        found = {"measured": left.counts.measured, "layers": len(left.samples.layer_ms)}
        number = left.counts.failure.cuda_error
        print(json.dumps({"error": type(error).__name__, **found, "cuda_error": number}))
    return 0


def poison_fourth_round() -> None:
    """Writes to an illegal address before the fourth round of a run begins."""
    from trtcore.measure.engine_runs import rounds

    run_round = rounds._Passes.run_round

    def poisoned(passes: Any, store: Any, size: int, before: int) -> None:
        if before == 3 * size:
            poison()(0)
        run_round(passes, store, size, before)

    rounds._Passes.run_round = poisoned  # type: ignore[method-assign]


def hold(left_mib: str) -> int:
    """Takes device memory until so much is free, prints a line, and holds it until input ends."""
    from cuda.bindings import runtime

    size, most = 1 << 30, int(left_mib) << 20
    while size >= 1 << 20:
        free = done(runtime.cudaMemGetInfo())
        if free - size < most or int(runtime.cudaMalloc(size)[0]):
            size //= 2
    print("held", flush=True)
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(
        {"attach": attach, "profile": profile, "api": api, "hold": hold}[sys.argv[1]](*sys.argv[2:])
    )
