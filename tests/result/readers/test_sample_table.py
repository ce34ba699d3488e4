"""The table of TensorRT's old sample, and names that end after 40 characters."""

from __future__ import annotations

import numpy as np
import pytest
from paths import DATA
from words import texts

from trtcore.result.readers.load import load_baseline
from trtcore.result.readers.sample_table import CUT, complete_names, parse_sample_table
from trtcore.result.records.layers import IOTensor, Layer


class TestSampleTable:
    def test_table_of_the_tutorial(self):
        profile = load_baseline(DATA / "sample_googlenet_1080ti_b4.txt")
        assert len(profile.layers) == 66
        assert profile.samples.wall_ms.tolist() == [np.float32(2.978)]
        assert profile.io == (
            IOTensor("data", (), "", "", "input"),
            IOTensor("prob", (), "", "", "output"),
        )
        layers = {layer.name: layer for layer in profile.layers}
        assert layers["pool1/norm1"].nodes == ("pool1/norm1",)
        assert layers["inception_3a/1x1 copy"] == Layer("inception_3a/1x1 copy", "copy")
        cut = "inception_3a/pool_proj + inception_3a/re"
        assert layers[cut].nodes == ("inception_3a/pool_proj", f"inception_3a/re{CUT}")
        assert texts(profile.warnings) == (
            "37 names end after 40 characters: what else is fused into those layers is unknown",
        )

    def test_without_total(self):
        profile = parse_sample_table("conv1 + relu1                           0.128ms\n")
        assert profile.layers == (Layer("conv1 + relu1", nodes=("conv1", "relu1")),)
        assert profile.samples.wall_ms.size == 0
        assert texts(profile.warnings) == (
            "the file has no line 'Time over all layers': part of the log may be missing",
        )

    def test_cut_in_its_total_or_its_head(self):
        text = (DATA / "sample_googlenet_1080ti_b4.txt").read_text().rstrip()
        (_, warning) = texts(
            parse_sample_table(text.replace("layers: 2.978", "layers: 2")).warnings
        )
        assert "ms of the whole: that total is cut short, or rows are there twice" in warning
        (_, warning) = texts(parse_sample_table(text[-1200:]).warnings)
        assert "ms: part of the log is missing" in warning


class TestCutNames:
    KNOWN = ("m/relu_1x1", "m/relu_pool_proj", "m/relu_proj", "m/pool_proj", "m/re2", "n/only")

    @pytest.mark.parametrize(
        ("nodes", "whole"),
        [
            (("m/pool_proj", f"m/rel{CUT}"), ("m/pool_proj", "m/relu_pool_proj")),
            (("m/1x1", f"m/relu_1x1{CUT}"), ("m/1x1", "m/relu_1x1")),
            ((f"n/{CUT}",), ("n/only",)),
            ((f"m/re{CUT}",), ()),
            (("a", f"zzz{CUT}"), ("a",)),
            (("a", "b"), ("a", "b")),
        ],
    )
    def test_completed(self, nodes, whole):
        (layer,) = complete_names([Layer("x", nodes=nodes)], self.KNOWN)
        assert layer.nodes == whole
