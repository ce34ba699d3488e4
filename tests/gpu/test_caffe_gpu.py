"""The imported Caffe GoogLeNet runs like the built-in one, measured in turns with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import trtcore
from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested, run_options
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.measure.engine_runs.plans import run_plans
from trtcore.models.load import load_model
from trtcore.stats.series import estimate

pytestmark = pytest.mark.gpu

BUILDS = 3
OPTIONS = {"precision": "fp16", "iterations": 1000, "serial": True, "calibrate": False}


def test_both_are_the_same_layers(data: Path) -> None:
    deploy = data / "caffe" / "bvlc_googlenet_deploy.prototxt"
    built_in, imported = (
        trtcore.profile_model(model, batch=4, **{**OPTIONS, "iterations": 10})
        for model in ("googlenet", deploy)
    )
    assert [layer.nodes for layer in imported.layers] == [layer.nodes for layer in built_in.layers]


def test_they_take_the_same_time_in_turns(bindings: Bindings, data: Path) -> None:
    deploy = data / "caffe" / "bvlc_googlenet_deploy.prototxt"
    models = {"built-in": load_model("googlenet", batch=4), "imported": load_model(deploy, batch=4)}
    # Two builds of one network may take other tactics. How much that is, builds of either tell.
    asked = Options(use_cache=False, **OPTIONS)
    plans = {
        f"{name} {i}": build_as_requested(bindings, model, asked).content
        for i in range(BUILDS)
        for name, model in models.items()
    }
    runs = run_plans(bindings, plans, "plan", run_options(asked), None)
    totals: dict[str, list[float]] = {name: [] for name in models}
    uncertain = 0.0
    for label, run in zip(plans, runs, strict=True):
        median, half_width = estimate(run.engine_run.run.samples.gated_ms)
        totals[label.split()[0]].append(median)
        uncertain = max(uncertain, half_width / median)
    ratio = np.median(totals["imported"]) / np.median(totals["built-in"])
    spread = max(max(one) / min(one) for one in totals.values()) - 1
    print(
        f"imported over built-in {ratio:.3f}; equal builds differ by up to {spread:.1%}, "
        f"medians are known to {uncertain:.1%}"
    )
    # Both medians are uncertain.
    assert abs(ratio - 1) <= spread + 2 * uncertain
