"""How long is it from the command to the report, and where does that time go?

Needs a GPU and a TensorRT that serves it. Each run is a process of its own: cold with empty caches,
trtcore's and CUDA's, in a temporary folder; then warm with those that the runs before it left.
Phases are told as they end, and the table of all runs goes to ``results/time_to_answer_table.md``
after each of them. After `BUDGET_S` no run is started or goes on: what was measured is kept.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from answer_time import Run, figures, goals, table
from filled_graph import write_filled
from harness import RESULTS, Benchmark, Goal, Measured, child_environment, main

import trtcore
from trtcore.engine.choice import choose_backend

TITLE = "Time to the answer"
NETWORKS = {"GoogLeNet": "googlenet", "BERT-base": "bert_base"}
METHOD = (
    "Wall time of `python -m trtcore profile MODEL --fp16 --serial`, 1000 iterations of each pass, "
    "each run in a process of its own. Cold: the caches of trtcore and CUDA are empty. Warm: they "
    "are those of the runs before; the second and third calibration are in the first two warm "
    "runs. Python's bytecode is there, as pip leaves it. GoogLeNet at batch 4, BERT-base with "
    "4 x 128 tokens and random weights."
)
WARM_RUNS = {"GoogLeNet": 3, "BERT-base": 1}
BUDGET_S = 110.0
"""All runs together: what lends a GPU for two minutes ends them then."""


def profiled(folder: Path, name: str, source: str, number: int, options: Options) -> Run | None:
    """Runs one as a user would; None if its time was up."""
    saved, caches = folder / "result.json", folder / f"caches of {name}"
    command = [sys.executable, str(Path(__file__).with_name("told_phases.py")), "profile", source]
    command += ["--fp16", "--serial", *(["--batch", "4"] if name == "GoogLeNet" else [])]
    command += ["--iterations", str(options.iterations), "--save", str(saved)]
    environment = child_environment(
        TRTCORE_CACHE_DIR=str(caches), CUDA_CACHE_PATH=str(caches / "cuda")
    )
    tell(f"{name}, {f'warm {number}' if number else 'cold'}:")
    start = time.perf_counter()
    left_s = max(options.until - start, 0.1)
    try:
        ran = subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, timeout=left_s, check=False
        )
    except subprocess.TimeoutExpired:
        tell(f"  cut off after {left_s:.0f} s")
        return None
    seconds = time.perf_counter() - start
    if ran.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with {ran.returncode}")
    tell(f"  {seconds:7.2f} s  in all")
    return Run(name, number, seconds, trtcore.load_profile(saved).phases)


@dataclass(frozen=True)
class Options:
    """How long runs may take.

    Attributes:
        iterations: of each pass.
        until: when the last one ends, by `time.perf_counter`.
    """

    iterations: int
    until: float


def all_runs(folder: Path, options: Options) -> Iterator[Run]:
    """The runs of every network, until the time is up."""
    for name, source in NETWORKS.items():
        model = source if source == "googlenet" else str(write_filled(source, folder))
        for number in range(1 + WARM_RUNS[name]):
            run = profiled(folder, name, model, number, options)
            if run is None:
                return
            yield run


def measure(quick: bool) -> Measured:
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_time_to_answer needs a GPU: {choice.reason}")
    # Of a source tree whose bytecode Python may not write, each run would compile 300 modules.
    compileall.compile_dir(str(Path(trtcore.__file__).parent), quiet=1)
    options, runs = Options(100 if quick else 1000, time.perf_counter() + BUDGET_S), []
    with tempfile.TemporaryDirectory() as temporary:
        for run in all_runs(Path(temporary), options):
            runs.append(run)
            if not quick:
                path = RESULTS / "time_to_answer_table.md"
                path.write_text(f"# {TITLE}\n\n{METHOD}\n\n{table(runs)}\n")
    tell(table(runs))
    return Measured(figures(runs), (choice.bindings.label,))


def tell(line: str) -> None:
    """Prints where the harness does not look for figures."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(
        Benchmark(
            title=TITLE,
            method=METHOD,
            measure=measure,
            goals=tuple(
                Goal(label, limit, figure) for label, (figure, limit) in goals(NETWORKS).items()
            ),
            processes=1,
        )
    )
