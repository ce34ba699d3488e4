"""How long is it from the command to the report, and where does that time go?

Needs a GPU and a TensorRT that serves it. Each network is profiled twice, each time in a process of
its own: cold with empty caches, trtcore's and CUDA's, in a temporary folder; warm with those that
the first run left. The table by phase goes to ``results/time_to_answer_table.md``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from answer_time import Run, figures, goals, table
from filled_graph import write_filled
from harness import RESULTS, Benchmark, Goal, Measured, child_environment, main

import trtcore
from trtcore.engine.choice import choose_backend

TITLE = "Time to the answer"
NETWORKS = {"GoogLeNet": "googlenet", "BERT-base": "bert_base"}
METHOD = (
    "Wall time of `python -m trtcore.profile MODEL --fp16 --serial`, 1000 iterations of each pass, "
    "each run in a process of its own. Cold: the caches of trtcore and CUDA are empty. Warm: they "
    "are those of the cold run; the second of three calibrations is in it. GoogLeNet at batch 4, "
    "BERT-base with 4 x 128 tokens and random weights."
)


def profiled(folder: Path, name: str, source: str, *, is_cold: bool, quick: bool) -> Run:
    """Runs one as a user would."""
    saved, caches = folder / "result.json", folder / f"caches of {name}"
    command = [sys.executable, "-m", "trtcore.profile", source, "--fp16", "--serial"]
    command += ["--batch", "4"] if name == "GoogLeNet" else []
    command += ["--iterations", "100" if quick else "1000", "--save", str(saved)]
    environment = child_environment(
        TRTCORE_CACHE_DIR=str(caches), CUDA_CACHE_PATH=str(caches / "cuda")
    )
    start = time.perf_counter()
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if ran.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {ran.stderr}")
    return Run(name, is_cold, seconds, trtcore.load_profile(saved).phases)


def measure(quick: bool) -> Measured:
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_time_to_answer needs a GPU: {choice.reason}")
    runs = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, source in NETWORKS.items():
            model = source if source == "googlenet" else str(write_filled(source, folder))
            for is_cold in (True, False):
                runs.append(profiled(folder, name, model, is_cold=is_cold, quick=quick))
    print(table(runs), file=sys.stderr, flush=True)
    if not quick:
        path = RESULTS / "time_to_answer_table.md"
        path.write_text(f"# {TITLE}\n\n{METHOD}\n\n{table(runs)}\n")
    return Measured(figures(runs), (choice.bindings.label,))


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
