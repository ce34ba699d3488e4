"""Comparisons of plans that name fewer nodes than others: nothing is claimed for that alone."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from hand_made_profiles import X, chain, check_sums, make_profile
from paths import DATA

from trtcore.compare.limits import broken_conditions, parse_limit
from trtcore.compare.profiles import compare_profiles
from trtcore.errors import OptionError
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.records.layers import Layer, ModelNode
from trtcore.result.records.profile import Profile


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
            assert not rows["norm"].is_conclusive
            assert rows["norm"].unmapped_ms == pytest.approx(0.05, rel=0.01)
            assert isnan(rows["norm"].interval[0])
            with pytest.raises(OptionError, match=r"can explain or hide 0\.0500 ms in any of"):
                broken_conditions(comparison, (parse_limit("layer > 3%"),))
            check_sums(comparison)
        assert compare_profiles(base, new).notes == (
            "base: rows have 4 of 4 model nodes and 100.0% of the layer time",
            "new: rows have 4 of 4 model nodes and 95.7% of the layer time",
            "unmapped layers on one side: decreases of up to 0.0500 ms cannot be attributed to a "
            "row; rows that differ by no more are inconclusive",
        )
        assert "increases of up to 0.0500 ms cannot be" in compare_profiles(new, base).notes[2]

    def test_more_than_they_explain_is_claimed(self):
        base, new = self.profile(), self.profile(without=("norm_1",), slow="fc")
        (broken,) = broken_conditions(compare_profiles(base, new), (parse_limit("layer > 3%"),))
        assert broken.row.name == "fc"
        assert {row.name for row in compare_profiles(new, base).rows if row.is_conclusive} == {"fc"}

    def test_layers_without_nodes_on_both_sides_hide_nothing(self):
        base = self.profile(without=("norm_1",))
        new = self.profile(without=("norm_1",), slow="norm_0")
        comparison = compare_profiles(base, new)
        (broken,) = broken_conditions(comparison, (parse_limit("layer > 3%"),))
        assert broken.row.name == "norm"
        assert comparison.notes == (
            "base: rows have 4 of 4 model nodes and 95.7% of the layer time",
            "new: rows have 4 of 4 model nodes and 96.0% of the layer time",
        )

    def test_nodes_without_a_layer_are_counted(self):
        base, new = self.profile(), self.profile(without=("pool",))
        notes = compare_profiles(base, new).notes
        assert notes[1] == "new: rows have 3 of 4 model nodes and 82.6% of the layer time"


class TestDirection:
    """Time that is missing in new makes its rows look faster, and never slower."""

    NODES = chain("a", "b", "c")
    BASE = (Layer("a", "k", ("a",)), Layer("b", "k", ("b",)), Layer("c", "k", ("c",)))
    SECOND = Layer("b", "k", ("b",), inputs=(X,), outputs=(replace(X, name="t"),))
    GATE = (parse_limit("layer > 10%"),)

    def profile(self, layers, *ms):
        return make_profile(layers, [ms], self.NODES)

    def rows(self, comparison):
        return {row.name: (row.is_conclusive, round(row.unmapped_ms, 4)) for row in comparison.rows}

    def test_an_increase_is_certain_where_time_is_missing_in_new(self):
        base = self.profile(self.BASE, 0.5, 0.3, 0.3)
        new = self.profile((*self.BASE[:2], Layer("?", "k")), 0.9, 0.3, 0.4)
        comparison = compare_profiles(base, new)
        (broken,) = broken_conditions(comparison, self.GATE)
        assert (broken.row.name, broken.row.is_noise) == ("a", None)
        assert self.rows(comparison) == {"a": (True, 0), "b": (False, 0.4), "c": (False, 0.4)}

    def test_an_increase_may_be_what_was_missing_in_base(self):
        base = self.profile((*self.BASE[:2], Layer("?", "k")), 0.5, 0.3, 0.4)
        comparison = compare_profiles(base, self.profile(self.BASE, 0.9, 0.3, 0.4))
        assert self.rows(comparison) == dict.fromkeys("abc", (False, 0.4))
        with pytest.raises(OptionError, match="matches no comparable row"):
            broken_conditions(comparison, self.GATE)
        more = compare_profiles(base, self.profile(self.BASE, 0.91, 0.3, 0.4))
        assert [one.row.name for one in broken_conditions(more, self.GATE)] == ["a"]

    def test_a_decrease_is_certain_where_time_is_missing_in_base(self):
        base = self.profile((*self.BASE[:2], Layer("?", "k")), 0.5, 0.3, 0.4)
        comparison = compare_profiles(base, self.profile(self.BASE, 0.4, 0.3, 0.4))
        assert self.rows(comparison)["a"] == (True, 0)

    def test_a_guessed_layer_is_too_much_in_its_own_row_only(self):
        base = self.profile(self.BASE, 0.5, 0.3, 0.3)
        guessed = Layer("?", "k", inputs=self.SECOND.outputs)
        new = self.profile((self.BASE[0], self.SECOND, guessed), 0.9, 0.3, 0.4)
        comparison = compare_profiles(base, new)
        assert self.rows(comparison) == {"a": (True, 0), "b": (False, 0.4), "c": (False, 0.4)}
        assert [one.row.name for one in broken_conditions(comparison, self.GATE)] == ["a"]
        more = compare_profiles(base, replace(new, samples=self.profile((), 0.5, 0.5, 0.4).samples))
        assert self.rows(more)["b"] == (True, 0)

    def test_a_guessed_layer_in_the_same_place_on_both_sides_says_nothing(self):
        guessed = Layer("?", "k", inputs=self.SECOND.outputs)
        layers = (self.BASE[0], self.SECOND, guessed, self.BASE[2])
        base = self.profile(layers, 0.5, 0.3, 0.4, 0.3)
        new = self.profile(layers, 0.5, 0.3, 0.6, 0.3)
        comparison = compare_profiles(base, new)
        assert [one.row.name for one in broken_conditions(comparison, self.GATE)] == ["b"]

    def test_what_neighbours_with_metadata_leave_is_as_good_as_metadata(self):
        first, second = (replace(X, name=name) for name in ("t1", "t2"))
        layers = (
            replace(self.BASE[0], inputs=(X,), outputs=(first,)),
            Layer("?", "k", inputs=(first,), outputs=(second,)),
            replace(self.BASE[2], inputs=(second,)),
        )
        base = self.profile(self.BASE, 0.5, 0.3, 0.3)
        comparison = compare_profiles(base, self.profile(layers, 0.5, 0.6, 0.3))
        assert all(row.is_conclusive for row in comparison.rows)
        assert [one.row.name for one in broken_conditions(comparison, self.GATE)] == ["b"]
        assert not any("unmapped layers" in note for note in comparison.notes)


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
    def test_of_equal_times_nothing_is_claimed(self, detailed, has_tensors):
        other = self.with_names_only(detailed, has_tensors)
        for pair in ((detailed, other), (other, detailed)):
            comparison = compare_profiles(*pair)
            assert max(abs(row.ratio - 1) for row in comparison.rows if row.kind == "same") > 0.2
            assert not any(row.is_conclusive for row in comparison.rows)
            assert broken_conditions(comparison, (parse_limit("layer > 0.1 ms"),)) == ()
            for text in ("layer > 3%", "layer > 0.05 ms"):
                with pytest.raises(OptionError, match=r"hide 0\.0859 ms in any of its 74 rows"):
                    broken_conditions(comparison, (parse_limit(text),))
            check_sums(comparison)

    def test_what_is_known_is_said(self, detailed):
        notes = compare_profiles(detailed, self.with_names_only(detailed, has_tensors=True)).notes
        assert notes == (
            "base: rows have 142 of 142 model nodes and 100.0% of the layer time",
            "new: rows have 79 of 142 model nodes and 100.0% of the layer time, 4.5% by what their "
            "neighbours are",
            notes[2],
        )
        assert notes[2].startswith("unmapped layers on one side: increases of")
        assert compare_profiles(detailed, detailed).notes == ()

    def test_more_than_that_can_explain_is_found(self, detailed):
        other = self.with_names_only(detailed, has_tensors=True)
        times = other.samples.layer_ms.copy()
        longest = int(np.argmax(np.median(times, axis=0)))
        times[:, longest] *= 3
        slow = replace(other, samples=replace(other.samples, layer_ms=times))
        (broken,) = broken_conditions(
            compare_profiles(detailed, slow), (parse_limit("layer > 3%"),)
        )
        assert other.layers[longest].name in broken.row.new_layers
