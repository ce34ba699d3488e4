"""Where the time of a TensorRT network goes, layer by layer.

    import trtcore

    profile = trtcore.profile_model("googlenet", precision="fp16")
    with trtcore.attach(context) as recorder:
        ...

Names are imported when they are first used, so that ``import trtcore`` costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from trtcore.api.calls import (
        build_model,
        compare_precisions,
        inspect_plan,
        profile_baseline,
        profile_model,
        profile_plan,
    )
    from trtcore.compare.comparison import Comparison
    from trtcore.compare.precisions.comparison import PrecisionComparison
    from trtcore.compare.precisions.saved import load_precisions, save_precisions
    from trtcore.compare.profiles import compare_profiles
    from trtcore.errors import (
        BackendError,
        BuildError,
        EngineLoadError,
        ModelError,
        NotJudgedError,
        OptionError,
        PrecisionError,
        PrecisionNotMetError,
        ResultError,
        RunError,
        TrtcoreError,
    )
    from trtcore.measure.attach import attach
    from trtcore.models.caffe.importer import load_caffe
    from trtcore.models.load import load_model
    from trtcore.models.model import Model
    from trtcore.precision.request import Precision
    from trtcore.report.export.comparison_json import comparison_json
    from trtcore.report.export.comparison_markdown import comparison_markdown
    from trtcore.result.analysis.analysis import Analysis
    from trtcore.result.analysis.summary import summarise_layers
    from trtcore.result.readers.load import load_baseline
    from trtcore.result.records.profile import Profile
    from trtcore.result.saved import load_profile, save_profile
    from trtcore.sweeps.cells import SweptModel
    from trtcore.sweeps.sweep import sweep
    from trtcore.sweeps.table import SweepTable

# "t" marks an interpreter without the GIL, on which the compiled modules were never tried.
if "t" in getattr(sys, "abiflags", ""):
    raise ImportError(
        f"trtcore does not work with free-threaded Python yet (this is {sys.executable}): use the "
        "same version of Python with the GIL, such as python3.13 in place of python3.13t"
    )

# Which module defines each public name. Importing them here would load NumPy and ONNX for every
# `import trtcore`. The block above repeats it, because type checkers do not run __getattr__.
_HOMES = {
    "trtcore.api.calls": (
        "build_model",
        "compare_precisions",
        "inspect_plan",
        "profile_baseline",
        "profile_model",
        "profile_plan",
    ),
    "trtcore.result.readers.load": ("load_baseline",),
    "trtcore.compare.profiles": ("compare_profiles",),
    "trtcore.compare.comparison": ("Comparison",),
    "trtcore.errors": (
        "BackendError",
        "BuildError",
        "EngineLoadError",
        "ModelError",
        "NotJudgedError",
        "OptionError",
        "PrecisionError",
        "PrecisionNotMetError",
        "ResultError",
        "RunError",
        "TrtcoreError",
    ),
    "trtcore.models.load": ("load_model",),
    "trtcore.models.model": ("Model",),
    "trtcore.models.caffe.importer": ("load_caffe",),
    "trtcore.precision.request": ("Precision",),
    "trtcore.compare.precisions.comparison": ("PrecisionComparison",),
    "trtcore.compare.precisions.saved": ("load_precisions", "save_precisions"),
    "trtcore.report.export.comparison_json": ("comparison_json",),
    "trtcore.report.export.comparison_markdown": ("comparison_markdown",),
    "trtcore.result.records.profile": ("Profile",),
    "trtcore.result.saved": ("load_profile", "save_profile"),
    "trtcore.measure.attach": ("attach",),
    "trtcore.result.analysis.analysis": ("Analysis",),
    "trtcore.result.analysis.summary": ("summarise_layers",),
    "trtcore.sweeps.sweep": ("sweep",),
    "trtcore.sweeps.cells": ("SweptModel",),
    "trtcore.sweeps.table": ("SweepTable",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Analysis",
    "BackendError",
    "BuildError",
    "Comparison",
    "EngineLoadError",
    "Model",
    "ModelError",
    "NotJudgedError",
    "OptionError",
    "Precision",
    "PrecisionComparison",
    "PrecisionError",
    "PrecisionNotMetError",
    "Profile",
    "ResultError",
    "RunError",
    "SweepTable",
    "SweptModel",
    "TrtcoreError",
    "attach",
    "build_model",
    "compare_precisions",
    "compare_profiles",
    "comparison_json",
    "comparison_markdown",
    "inspect_plan",
    "load_baseline",
    "load_caffe",
    "load_model",
    "load_precisions",
    "load_profile",
    "profile_baseline",
    "profile_model",
    "profile_plan",
    "save_precisions",
    "save_profile",
    "summarise_layers",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        # Of the installed package, so that it stands in one place; the module is slow to import.
        return importlib.import_module("importlib.metadata").version("trtcore")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'trtcore' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
