"""Where the time of a TensorRT network goes, layer by layer.

    import trtcore

    profile = trtcore.profile_model("googlenet", precision="fp16")
    with trtcore.attach(context) as recorder:
        ...

Names are imported when they are first used, so that ``import trtcore`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trtcore.api import (
        build_model,
        compare_precisions,
        inspect_plan,
        profile_baseline,
        profile_model,
        profile_plan,
    )
    from trtcore.baselines import load_baseline
    from trtcore.compare import compare_profiles
    from trtcore.comparison import Comparison
    from trtcore.errors import (
        BackendError,
        BuildError,
        EngineLoadError,
        ModelError,
        OptionError,
        PrecisionError,
        PrecisionNotMetError,
        ResultError,
        RunError,
        TrtcoreError,
    )
    from trtcore.models import Model, load_model
    from trtcore.models.caffe import load_caffe
    from trtcore.precision import Precision
    from trtcore.precision_comparison import PrecisionComparison
    from trtcore.precision_file import load_precisions, save_precisions
    from trtcore.result import Profile
    from trtcore.schema import load_profile, save_profile
    from trtcore.session.attach import attach
    from trtcore.statistics import summarise_layers

_HOMES = {
    "trtcore.api": (
        "build_model",
        "compare_precisions",
        "inspect_plan",
        "profile_baseline",
        "profile_model",
        "profile_plan",
    ),
    "trtcore.baselines": ("load_baseline",),
    "trtcore.compare": ("compare_profiles",),
    "trtcore.comparison": ("Comparison",),
    "trtcore.errors": (
        "BackendError",
        "BuildError",
        "EngineLoadError",
        "ModelError",
        "OptionError",
        "PrecisionError",
        "PrecisionNotMetError",
        "ResultError",
        "RunError",
        "TrtcoreError",
    ),
    "trtcore.models": ("Model", "load_model"),
    "trtcore.models.caffe": ("load_caffe",),
    "trtcore.precision": ("Precision",),
    "trtcore.precision_comparison": ("PrecisionComparison",),
    "trtcore.precision_file": ("load_precisions", "save_precisions"),
    "trtcore.result": ("Profile",),
    "trtcore.schema": ("load_profile", "save_profile"),
    "trtcore.session.attach": ("attach",),
    "trtcore.statistics": ("summarise_layers",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BackendError",
    "BuildError",
    "Comparison",
    "EngineLoadError",
    "Model",
    "ModelError",
    "OptionError",
    "Precision",
    "PrecisionComparison",
    "PrecisionError",
    "PrecisionNotMetError",
    "Profile",
    "ResultError",
    "RunError",
    "TrtcoreError",
    "attach",
    "build_model",
    "compare_precisions",
    "compare_profiles",
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
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'trtcore' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
