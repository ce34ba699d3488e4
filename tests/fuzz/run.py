"""Fuzzes one target with atheris, guided by the coverage of trtcore: ``run.py NAME [--seconds N]``.

New inputs and crashes go to ``--work``, never to the committed corpus. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from fuzz.targets import CORPUS, NAMES  # noqa: E402 - `fuzz` lies in the folder set above

# Larger inputs are slower and reach nothing that small ones do not.
_MOST_BYTES = 65536
# A judgement: the slowest target takes 0.1 s for an input, and the machine may be busy.
_TIMEOUT_S = 20
_MOST_MIB = 2048
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_COVERED = re.compile(r"cov: (\d+) ft: (\d+)")


def main() -> int:
    """Runs a target in a process of its own; 1 if it crashed or hung."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the changes; 0: another each time")
    parser.add_argument("--work", type=Path, help="where new inputs and crashes go")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    known, rest = parser.parse_known_args()
    if known.inside:
        return _fuzz(known.name, rest)
    with tempfile.TemporaryDirectory(prefix="trtcore-fuzz-") as scratch:
        work = known.work or Path(scratch)
        return _watched(known.name, known.seconds, known.seed, work / known.name)


def _fuzz(name: str, arguments: list[str]) -> int:
    import atheris

    # Atheris instruments what Python's own finder reads; an editable install has one that goes
    # before it, and is still needed for the compiled modules.
    sys.path.insert(0, str(TESTS.parent))
    sys.meta_path.sort(key=lambda finder: type(finder).__module__.startswith("_editable"))
    # Never left: modules that trtcore imports on first use are instrumented too.
    with atheris.instrument_imports(include=["trtcore"]):
        from fuzz.targets import target

        atheris.Setup([sys.argv[0], *arguments], target(name))
        atheris.Fuzz()
    return 0


def _watched(name: str, seconds: int, seed: int, work: Path) -> int:
    """Runs libFuzzer and tells what it did; its own output only where it found something."""
    found = work / "found"
    found.mkdir(parents=True, exist_ok=True)
    limits = (f"-max_total_time={seconds}", f"-timeout={_TIMEOUT_S}", f"-rss_limit_mb={_MOST_MIB}")
    command = [sys.executable, __file__, name, "--inside", *limits, f"-max_len={_MOST_BYTES}"]
    command += [f"-seed={seed}", "-print_final_stats=1", f"-artifact_prefix={work}/", str(found)]
    ran = subprocess.run(
        [*command, str(CORPUS / name)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    covered = _COVERED.findall(ran.stdout) or [("0", "0")]
    executed = _EXECUTED.search(ran.stdout)
    row = {
        "target": name,
        "inputs": int(executed[1]) if executed else 0,
        "edges": int(covered[-1][0]),
        "features": int(covered[-1][1]),
        "crashed": ran.returncode != 0,
    }
    print(json.dumps(row), flush=True)
    if ran.returncode:
        print(ran.stdout[-6000:], file=sys.stderr)
    return int(ran.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
