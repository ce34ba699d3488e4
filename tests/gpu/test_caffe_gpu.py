"""The imported Caffe GoogLeNet runs like the built-in one, layer by layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import trtcore

pytestmark = pytest.mark.gpu


def test_the_imported_googlenet_profiles_like_the_built_in_one(data: Path) -> None:
    deploy = data / "caffe" / "bvlc_googlenet_deploy.prototxt"
    options = {"precision": "fp16", "batch": 4, "iterations": 1000, "serial": True}
    built_in = trtcore.profile_model("googlenet", **options)
    imported = trtcore.profile_model(deploy, **options)
    assert [layer.nodes for layer in imported.layers] == [layer.nodes for layer in built_in.layers]
    ratios = np.median(imported.samples.layer_ms, axis=0) / np.median(
        built_in.samples.layer_ms, axis=0
    )
    total = np.median(imported.samples.gated_ms) / np.median(built_in.samples.gated_ms)
    print(
        f"imported over built-in: gated total {total:.3f}, layers median {np.median(ratios):.3f}, "
        f"{ratios.min():.3f} to {ratios.max():.3f}"
    )
    # Two builds of one network: 1.000 and 1.037 were seen on one H200.
    assert abs(total - 1) < 0.06
    assert abs(np.median(ratios) - 1) < 0.03
