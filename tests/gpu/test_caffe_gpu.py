"""The imported Caffe GoogLeNet runs like the built-in one, measured in turns with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested, run_options
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import Plan
from trtcore.measure.engine_runs.plans import run_plans
from trtcore.models.load import load_model
from trtcore.stats.series import estimate

pytestmark = pytest.mark.gpu

BUILDS = 3
OPTIONS = {"precision": "fp16", "iterations": 300, "serial": True, "calibrate": False}


@pytest.fixture(scope="module")
def built(bindings: Bindings, data: Path) -> dict[str, list[Plan]]:
    """Builds of either, without the timings of those before."""
    deploy = data / "caffe" / "bvlc_googlenet_deploy.prototxt"
    models = {"built-in": load_model("googlenet", batch=4), "imported": load_model(deploy, batch=4)}
    asked = Options(use_cache=False, **OPTIONS)
    return {
        name: [build_as_requested(bindings, model, asked) for _ in range(BUILDS)]
        for name, model in models.items()
    }


def test_both_are_the_same_layers(built: dict[str, list[Plan]]) -> None:
    built_in, imported = (plans[0].information for plans in built.values())
    assert built_in is not None
    assert imported is not None
    assert [layer.nodes for layer in imported.layers] == [layer.nodes for layer in built_in.layers]


def test_they_take_the_same_time_in_turns(bindings: Bindings, built: dict[str, list[Plan]]) -> None:
    # Two builds of one network may take other tactics. How much that is, builds of either tell.
    # TensorRT-RTX makes the same plan of both each time, and compiles its kernels once.
    plans = {f"{name} {i}": built[name][i].content for i in range(BUILDS) for name in built}
    runs = run_plans(bindings, plans, "plan", run_options(Options(**OPTIONS)), None)
    totals: dict[str, list[float]] = {name: [] for name in built}
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
