"""Comparisons of plans that name fewer nodes than others: nothing is claimed for that alone."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from hand_made_profiles import DATA, chain, check_sums, make_profile

from trtcore.compare import compare_profiles
from trtcore.gate import broken_conditions, parse_condition
from trtcore.inspector import parse_engine_information
from trtcore.result import (
    Layer,
    ModelNode,
    Profile,
)


class TestAttribution:
    """One engine, and the same one with layers that name no nodes."""

    NODES = chain("conv", "norm", "pool", "fc")
    LAYERS = (
        Layer("conv", "k", ("conv",)),
        Layer("norm_0", "k", ("norm",)),
        Layer("norm_1", "k", ("norm",)),
        Layer("pool", "k", ("pool",)),
        Layer("fc", "k", ("fc",)),
    )
    MS = (0.5, 0.1, 0.05, 0.2, 0.3)

    def profile(self, without=(), slow=None):
        """(320, 5) noisy times; these layers do not tell their nodes, this one takes twice."""
        noise = np.random.default_rng(len(without)).normal(1, 0.01, (320, 5))
        factor = np.array([2.0 if layer.name == slow else 1.0 for layer in self.LAYERS])
        layers = tuple(
            replace(layer, name="?" + layer.name, nodes=()) if layer.name in without else layer
            for layer in self.LAYERS
        )
        return make_profile(layers, np.array(self.MS) * factor * noise, self.NODES)

    def test_what_unattributed_layers_explain_is_not_claimed(self):
        base, new = self.profile(), self.profile(without=("norm_1",))
        for pair in ((base, new), (new, base)):
            comparison = compare_profiles(*pair)
            rows = {row.name: row for row in comparison.rows}
            assert abs(rows["norm"].ratio - 1) > 0.3
            assert rows["norm"].is_noise is True
            assert isnan(rows["norm"].interval[0])
            assert broken_conditions(comparison, (parse_condition("layer > 3%"),)) == ()
            check_sums(comparison)
        assert compare_profiles(base, new).notes == (
            "base: rows have 4 of 4 model nodes and 100.0% of the layer time",
            "new: rows have 4 of 4 model nodes and 95.7% of the layer time",
            "layers that name no nodes on one side can make any row differ by up to 0.0500 ms: "
            "differences below that are not told from it",
        )

    def test_more_than_they_explain_is_claimed(self):
        base, new = self.profile(), self.profile(without=("norm_1",), slow="fc")
        (broken,) = broken_conditions(compare_profiles(base, new), (parse_condition("layer > 3%"),))
        assert broken.row.name == "fc"

    def test_layers_without_nodes_on_both_sides_hide_nothing(self):
        base = self.profile(without=("norm_1",))
        new = self.profile(without=("norm_1",), slow="norm_0")
        comparison = compare_profiles(base, new)
        (broken,) = broken_conditions(comparison, (parse_condition("layer > 3%"),))
        assert broken.row.name == "norm"
        assert comparison.notes == (
            "base: rows have 4 of 4 model nodes and 95.7% of the layer time",
            "new: rows have 4 of 4 model nodes and 96.0% of the layer time",
        )

    def test_nodes_without_a_layer_are_counted(self):
        base, new = self.profile(), self.profile(without=("pool",))
        notes = compare_profiles(base, new).notes
        assert notes[1] == "new: rows have 3 of 4 model nodes and 82.6% of the layer time"


class TestPlansThatNameFewerNodes:
    """One real engine twice, once as a plan tells it that was built without ``DETAILED``."""

    @pytest.fixture
    def detailed(self) -> Profile:
        graph = json.loads((DATA / "googlenet_graph.json").read_text())
        nodes = tuple(
            ModelNode(n["name"], n["op"], tuple(n["inputs"]), tuple(n["outputs"]))
            for n in graph["nodes"]
        )
        text = (DATA / "inspector_googlenet_fp16_b4.json").read_text()
        rows = json.loads((DATA / "trtexec_profile_googlenet_fp16_b4.json").read_text())[1:]
        engine = parse_engine_information(text)
        noise = np.random.default_rng(0).normal(1, 0.01, (320, len(rows)))
        times = noise * [row["medianMs"] for row in rows]
        return make_profile(engine.layers, times, nodes, io=engine.io)

    def with_names_only(self, profile: Profile, has_tensors: bool) -> Profile:
        tensors = {} if has_tensors else {"inputs": (), "outputs": ()}
        layers = tuple(replace(layer, nodes=(), **tensors) for layer in profile.layers)
        random = np.random.default_rng(1)
        times = random.permuted(profile.samples.layer_ms, axis=0)
        samples = replace(profile.samples, layer_ms=times)
        return replace(profile, layers=layers, samples=samples)

    @pytest.mark.parametrize("has_tensors", [True, False])
    def test_equal_times_break_nothing(self, detailed, has_tensors):
        other = self.with_names_only(detailed, has_tensors)
        gate = tuple(parse_condition(text) for text in ("layer > 3%", "layer > 0.001 ms"))
        for pair in ((detailed, other), (other, detailed)):
            comparison = compare_profiles(*pair)
            assert max(abs(row.ratio - 1) for row in comparison.rows if row.kind == "same") > 0.2
            assert broken_conditions(comparison, gate) == ()
            check_sums(comparison)

    def test_what_is_known_is_said(self, detailed):
        notes = compare_profiles(detailed, self.with_names_only(detailed, has_tensors=True)).notes
        assert notes == (
            "base: rows have 142 of 142 model nodes and 100.0% of the layer time",
            "new: rows have 88 of 142 model nodes and 100.0% of the layer time, 4.5% by what their "
            "neighbours are",
            notes[2],
        )
        assert notes[2].startswith("layers that name no nodes on one side can make any row differ")
        assert compare_profiles(detailed, detailed).notes == ()

    def test_more_than_that_can_explain_is_found(self, detailed):
        other = self.with_names_only(detailed, has_tensors=True)
        times = other.samples.layer_ms.copy()
        longest = int(np.argmax(np.median(times, axis=0)))
        times[:, longest] *= 3
        slow = replace(other, samples=replace(other.samples, layer_ms=times))
        (broken,) = broken_conditions(
            compare_profiles(detailed, slow), (parse_condition("layer > 3%"),)
        )
        assert other.layers[longest].name in broken.row.new_layers
