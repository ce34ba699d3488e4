"""How long the first answer takes, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench_scaling import chain_model
from harness import Benchmark, Goal, Measured, child_environment, interleave, main
from sample_profiles import random_profile

from trtcore.result.saved import save_profile

IMPORT = """
import time
start = time.perf_counter()
import {module}
print(1e3 * (time.perf_counter() - start))
"""

TRTCORE = (sys.executable, "-c", "from trtcore.cli import main; raise SystemExit(main())")


def import_ms(module: str) -> float:
    command = [sys.executable, "-c", IMPORT.format(module=module)]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


def process_ms(command: Sequence[str | Path], cache: str) -> float:
    start = time.perf_counter()
    subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        env=child_environment(TRTCORE_CACHE_DIR=cache),
    )
    return 1e3 * (time.perf_counter() - start)


def measure(quick: bool) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        saved, model = Path(folder) / "result.json", Path(folder) / "chain.onnx"
        save_profile(random_profile(1000, 206), saved)
        model.write_bytes(chain_model(50).SerializeToString())
        commands: dict[str, Sequence[str | Path]] = {
            "python -c pass": (sys.executable, "-c", "pass"),
            "import numpy": (sys.executable, "-c", "import numpy"),
            "trtcore --help": (*TRTCORE, "--help"),
            "trtcore profile --help": (*TRTCORE, "profile", "--help"),
            "trtcore report, 1000 x 206": (*TRTCORE, "report", saved),
            "trtcore profile to its first row, 50 nodes, warm cache": (
                *(*TRTCORE, "profile", model, "--iterations", "1"),
            ),
        }
        arms: dict[str, Callable[[], float]] = {
            f"{name}, ms": partial(process_ms, command, folder)
            for name, command in commands.items()
        }
        for module in ("trtcore", "trtcore.api.calls", "trtcore.result.saved"):
            arms[f"import {module}, inside, ms"] = partial(import_ms, module)
        return Measured(interleave(arms, 1 if quick else 5))


GOALS = (
    Goal("import trtcore, ms", 80, "import trtcore, inside, ms"),
    Goal("trtcore --help, ms", 300, "trtcore --help, ms"),
)

if __name__ == "__main__":
    main(
        Benchmark(
            title="Start-up",
            method=(
                "Wall time of whole processes, Python's own start included; imports are timed "
                "inside theirs. Each command ran once before, so that files and caches are warm."
            ),
            measure=measure,
            goals=GOALS,
        )
    )
