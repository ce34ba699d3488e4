"""Fuzz targets: every module has ``fuzz_one(data)``, which lets nothing but a TrtcoreError pass."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

CORPUS = Path(__file__).parents[1] / "corpus"
"""Seeds by target, and every input that once brought something else than a TrtcoreError."""

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def target(name: str) -> Callable[[bytes], None]:
    """The function that a target is tried with."""
    fuzz_one: Callable[[bytes], None] = importlib.import_module(f"{__name__}.{name}").fuzz_one
    return fuzz_one
