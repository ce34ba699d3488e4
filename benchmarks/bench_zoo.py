"""Do the claims hold on the networks people deploy? Every engine in a process of its own.

Needs a GPU, a TensorRT that serves it, CUPTI, and PyTorch with torchvision and transformers for the
export. A row for each engine is written to ``results/zoo_table.md``; ``ZOO_KEEP=FOLDER`` keeps the
exported networks and the saved results there, ``ZOO_ONLY=vit_b_16,bert_base`` takes some only.
``ZOO_SAVED=FOLDER`` measures nothing, and needs none of that: it takes the results in that folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import zoo
from harness import RESULTS, Benchmark, Measured, main
from zoo_rows import (
    HEAD,
    KEY,
    Engine,
    Row,
    figures_of,
    goals_of,
    row_of,
    row_text,
    saved_rows,
    shares_of,
)

import trtcore
from trtcore.engine.choice import choose_backend

TITLE = "Do the claims hold on the networks people deploy?"
PRECISIONS = ("fp16", "fp32")
BATCHES = (1, 4)
ITERATIONS = 300
SAVED = os.environ.get("ZOO_SAVED", "")
METHOD = (
    "`python -m trtcore.profile ... --serial --timing cupti --accuracy --iterations "
    f"{ITERATIONS}` in a process for each engine, kernels compiled before, one calibration of the "
    "event cost for all."
)
FROM_SAVED = "Computed from results that were saved before, where the notes say."
# Exports and builds run beside each other, measurements never do.
AT_ONCE = max(1, (os.cpu_count() or 2) // 3)

WARM_UP = (
    "import sys, trtcore\n"
    "trtcore.profile_model(sys.argv[1], precision=sys.argv[2], batch=int(sys.argv[3]), "
    "serial=True, iterations=1, calibrate=False)"
)


def engines(quick: bool) -> list[Engine]:
    """Every engine that is measured."""
    only = os.environ.get("ZOO_ONLY", "")
    names = only.split(",") if only else ["googlenet", *zoo.NETWORKS]
    return [Engine(*key) for key in product(names, PRECISIONS, (4,) if quick else BATCHES)]


def wanted_engines() -> list[Engine]:
    """The engines that goals are set for: all, or those that there are results of."""
    return [engine for engine, _ in saved_rows(Path(SAVED))] if SAVED else engines(quick=False)


def source(folder: Path, engine: Engine) -> str:
    """What trtcore is given for an engine."""
    if engine.network == "googlenet":
        return "googlenet"
    return str(folder / f"{engine.network}_b{engine.batch}.onnx")


def run(command: Sequence[str]) -> str:
    """Runs a program; returns its last line of standard error, ``""`` if it went well."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"]
    return lines[-1] if ran.returncode else ""


def export(folder: Path, wanted: Sequence[Engine]) -> None:
    """Exports every network that is wanted, several at a time."""
    script = str(Path(__file__).with_name("zoo.py"))
    keys = dict.fromkeys((e.network, e.batch) for e in wanted if e.network in zoo.NETWORKS)
    commands = [[sys.executable, script, str(folder), name, str(batch)] for name, batch in keys]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for key, problem in zip(keys, pool.map(run, commands), strict=True):
            if problem:
                print(f"export of {key} failed: {problem}", file=sys.stderr, flush=True)


def compile_kernels(folder: Path, wanted: Sequence[Engine]) -> None:
    """Fills TensorRT-RTX's caches, several engines at a time; failures show when measuring."""
    commands = [
        [sys.executable, "-c", WARM_UP, source(folder, e), e.precision, str(e.batch)]
        for e in wanted
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, commands))


def profiled(folder: Path, engine: Engine) -> Row | str:
    """Profiles as a user would; the reason where that fails."""
    path = folder / f"{engine.name.replace(' ', '_')}.json"
    command = [sys.executable, "-m", "trtcore.profile", source(folder, engine), "--serial"]
    command += ["--precision", engine.precision, "--batch", str(engine.batch), "--accuracy"]
    command += ["--timing", "cupti", "--iterations", str(ITERATIONS), "--save", str(path)]
    start = time.monotonic()
    problem = run(command)
    seconds = time.monotonic() - start
    if problem:
        return problem
    return row_of(engine, trtcore.load_profile(path), seconds)


def measured_rows(quick: bool) -> Iterator[tuple[Engine, Row | str]]:
    """Measures every engine that is wanted."""
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_zoo needs a GPU: {choice.reason}")
    kept = os.environ.get("ZOO_KEEP")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(kept or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        wanted = engines(quick)
        export(folder, wanted)
        compile_kernels(folder, wanted)
        for engine in wanted:
            yield engine, profiled(folder, engine)


def measure(quick: bool) -> Measured:
    """Takes every engine; writes a row for each unless it is to be quick."""
    rows: list[Row] = []
    lines, failures = [HEAD], []
    for engine, found in saved_rows(Path(SAVED)) if SAVED else measured_rows(quick):
        if isinstance(found, str):
            failures.append(f"{engine.name} failed: {found}")
        else:
            rows.append(found)
            lines.append(row_text(found))
        print(failures[-1] if isinstance(found, str) else lines[-1], file=sys.stderr, flush=True)
    if not quick:
        table = RESULTS / "zoo_table.md"
        table.write_text(f"# {TITLE}\n\n{KEY}\n\n" + "\n".join([*lines, "", *failures]) + "\n")
    figures = {name: value for row in rows for name, value in figures_of(row).items()}
    return Measured(shares_of(rows) | figures, (*sources(rows), *failures))


def sources(rows: Sequence[Row]) -> tuple[str, ...]:
    """What the engines ran on, each combination once."""
    where = [(row.profile.environment, row.profile.kernels) for row in rows]
    words = (
        f"measured on {place.device}, {place.runtime}, {kernels.source if kernels else 'no CUPTI'}"
        for place, kernels in where
    )
    return tuple(dict.fromkeys(words))


if __name__ == "__main__":
    main(
        Benchmark(
            title=TITLE,
            method=FROM_SAVED if SAVED else METHOD,
            measure=measure,
            goals=tuple(goals_of(wanted_engines())),
            processes=1,
        )
    )
