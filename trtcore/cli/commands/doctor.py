"""``trtcore doctor``: what is installed, which backends work, and what helps."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict

from trtcore.api.doctor import BackendState, Diagnosis, diagnose
from trtcore.report.content.printable import printable_text

_NAME_WIDTH = 14


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code: 0 if some backend works."""
    found = diagnose()
    print(as_json(found) if options.json else as_text(found))
    return 0 if found.works else 1


def as_json(found: Diagnosis) -> str:
    """The facts by name, and ``works``."""
    return json.dumps({**asdict(found), "works": found.works}, indent=2)


def as_text(found: Diagnosis) -> str:
    """The facts, a line for each."""
    return "\n".join(printable_text(line) for line in _lines(found))


def _lines(found: Diagnosis) -> Iterator[str]:
    yield "installed"
    yield _line("Python", found.python)
    for package in found.packages:
        yield _line(package.name, package.version or "not installed")
    yield "GPU"
    yield _line("device", found.gpu or "none")
    yield _line("driver", found.driver or "unknown")
    yield _line("CUDA", f"{found.cuda} at most" if found.cuda else "unknown")
    for problem in filter(None, (found.gpu_problem, *found.mismatches)):
        yield _line("problem", problem)
    yield "backends"
    for backend in found.backends:
        yield _line(backend.name, _state(backend))
    yield _line("kernel times", found.kernels_problem or "CUPTI is installed")
    yield "cache"
    yield _line("folder", found.cache or "none can be written")
    yield _line("size", f"{found.cache_bytes / 1e6:.1f} MB in {found.cache_files} files")
    yield _verdict(found)


def _line(name: str, text: str) -> str:
    return f"  {name:<{_NAME_WIDTH}} {text}"


def _state(backend: BackendState) -> str:
    tested = f" (self-test {backend.seconds:.1f} s)" if backend.seconds else ""
    if backend.times:
        return f"{backend.label}: works{tested}"
    if backend.builds:
        return f"{backend.label}: builds engines{tested}, cannot time them: {backend.problem}"
    return f"{backend.label}: does not work{tested}: {backend.problem}"


def _verdict(found: Diagnosis) -> str:
    working = [backend.name for backend in found.backends if backend.times]
    if not working:
        return "no backend works"
    return f"networks can be timed with {' and '.join(working)}"
