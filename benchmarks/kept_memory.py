"""What is kept of each plan that is loaded, step by step? Each step in a process of its own.

    python benchmarks/kept_memory.py [--network bert_base] [--seconds 24]

A round is repeated for so long; printed is what malloc has handed out and the device memory of the
process, more than after the first rounds, for each round. Needs a GPU; not one of `make bench`.
"""

from __future__ import annotations

import argparse
import functools
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from example_networks import BUILT_IN, source
from gpu_rig import Rig, loaded_rig
from memory import in_use_kib, own_device_kib
from soak_gpu_works import BATCH, ITERATIONS, attach, load_and_run, profiled_plan

import trtcore
from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested
from trtcore.engine.choice import choose_backend
from trtcore.engine.tensorrt.runtime import load_engine
from trtcore.models.load import load_model
from trtcore.result.records.profile import Profile

FIRST = 6
"""Rounds in which libraries and pools are set up."""


def main() -> None:
    """Builds the plan, then runs every kind of round, or runs one kind."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default=BUILT_IN, help="one of the example networks")
    parser.add_argument("--seconds", type=float, default=24.0, help="of each kind of round")
    parser.add_argument("--plan", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    choice = choose_backend("auto")
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"kept_memory needs a GPU: {choice.reason}")
    if options.kind:
        with loaded_rig(choice.bindings, options.plan.read_bytes(), 1) as rig:
            print(repeated(options.kind, lambda: KINDS[options.kind](rig), options.seconds))
        return
    with tempfile.TemporaryDirectory() as folder:
        model = load_model(source(options.network, Path(folder)), batch=BATCH)
        plan = Path(folder) / "kept.plan"
        built = build_as_requested(choice.bindings, model, Options(precision="fp16", serial=True))
        plan.write_bytes(built.content)
        print(f"{choice.bindings.label}, {options.network} in FP16, batch {BATCH}", flush=True)
        for kind in KINDS:
            more = ("--kind", kind, "--plan", str(plan), "--seconds", str(options.seconds))
            subprocess.run([sys.executable, __file__, *more], check=False)


def repeated(kind: str, run: Callable[[], object], seconds: float) -> str:
    """Repeats a round for so long; what is kept of one, in a line."""
    for _ in range(FIRST):
        run()
    gc.collect()
    before, device, count = in_use_kib() or 0, own_device_kib() or 0, 0
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        run()
        count += 1
    gc.collect()
    kept = ((in_use_kib() or 0) - before) / count
    of_device = ((own_device_kib() or 0) - device) / count
    return (
        f"{kind}: {count} rounds, {kept:.1f} KiB of malloc and {of_device:.1f} of the device each"
    )


@functools.cache
def compiled(rig: Rig) -> Any:
    """A cache of the plan's compiled kernels, of the bindings alone."""
    config = rig.engine.engine.create_runtime_config()
    cache = config.create_runtime_cache()
    config.set_runtime_cache(cache)
    rig.engine.engine.create_execution_context(config)
    return cache


@functools.cache
def stored(rig: Rig) -> bytes:
    """What the cache is serialized to."""
    return bytes(compiled(rig).serialize())


def read_anew(rig: Rig) -> None:
    """Reads a cache, which trtcore does once in a process."""
    rig.engine.engine.create_runtime_config().create_runtime_cache().deserialize(stored(rig))


def attached(rig: Rig) -> None:
    """Loads the plan in a program that is attached to."""
    with loaded_rig(rig.bindings, rig.plan, 1) as program:
        attach(program.context(), program.stream)


def traced(rig: Rig) -> Profile:
    """A profile with the kernels."""
    options = {"iterations": ITERATIONS, "calibrate": False, "peak": "none"}
    return trtcore.profile_plan(rig.plan, timing="cupti", **options)


KINDS: dict[str, Callable[[Rig], object]] = {
    "the plan is loaded": lambda rig: load_engine(rig.bindings, rig.plan, "the plan"),
    "a cache is read anew": read_anew,
    "a cache is serialized": lambda rig: compiled(rig).serialize(),
    "one context": lambda rig: load_and_run(rig, contexts=1),
    "two contexts": load_and_run,
    "two contexts of an engine that stays": lambda rig: load_and_run(rig, engine=rig.engine),
    "attached to": attached,
    "a profile": lambda rig: profiled_plan(rig.plan),
    "a profile with CUPTI": traced,
}


if __name__ == "__main__":
    main()
