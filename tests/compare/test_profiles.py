"""Comparisons: the tutorial's own numbers, fusions that differ, totals and notes."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from hand_made_profiles import chain, check_sums, figures, make_profile
from paths import DATA

from trtcore.compare.comparison import Comparison
from trtcore.compare.profiles import compare_profiles
from trtcore.report.content.comparison_rows import headline
from trtcore.report.content.warnings import comparison_notes
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.readers.load import load_baseline
from trtcore.result.readers.trtexec import parse_trtexec_profile
from trtcore.result.records.layers import Layer, ModelNode, TensorInfo
from trtcore.result.records.samples import Samples, no_samples


@pytest.fixture(scope="module")
def tutorial() -> Comparison:
    return compare_profiles(
        load_baseline(DATA / "caffe_time_googlenet_b4.txt"),
        load_baseline(DATA / "sample_googlenet_1080ti_b4.txt"),
    )


class TestTutorial:
    """The numbers that a tutorial of 2018 worked out by hand from the same two files."""

    @pytest.mark.parametrize(
        ("nodes", "base_ms", "new_ms"),
        [
            ("inception_5b/1x1 + inception_5b/relu_1x1", 6.57, 0.075),
            ("inception_5b/3x3 + inception_5b/relu_3x3", 13.40, 0.046),
            # the tutorial's text says 0.079, its table 0.097
            ("inception_5b/5x5 + inception_5b/relu_5x5", 4.14, 0.097),
            ("inception_5b/pool", 10.9437, 0.009),
            # a name that the table cut to "inception_5b/pool_proj + inception_5b/re"
            ("inception_5b/pool_proj + inception_5b/relu_pool_proj", 2.27, 0.072),
        ],
    )
    def test_rows(self, tutorial, nodes, base_ms, new_ms):
        (row,) = (row for row in tutorial.rows if row.name == nodes)
        assert row.base_ms == pytest.approx(base_ms, abs=0.005)
        assert row.new_ms == pytest.approx(new_ms, abs=1e-6)
        assert row.is_noise is None
        assert isnan(row.interval[0])

    def test_totals(self, tutorial):
        assert tutorial.total.base_ms == pytest.approx(1046.79)
        assert tutorial.total.new_ms == pytest.approx(2.978)
        assert tutorial.total.ratio == pytest.approx(0.00284, abs=1e-5)
        check_sums(tutorial)

    def test_what_only_one_side_has_is_listed(self, tutorial):
        vanished = {row.name for row in tutorial.rows if row.kind == "vanished"}
        assert "inception_5b/3x3_reduce" in vanished
        assert "inception_5a/output_inception_5a/output_0_split" in vanished
        assert len(vanished) == 13

    def test_notes(self, tutorial):
        assert comparison_notes(tutorial) == (
            "base holds one figure per layer, so noise cannot be judged",
            "new holds one figure per layer, so noise cannot be judged",
            "base: its rows add up to 82.03 of 1046.79 ms: part of the log is missing",
            "new: 37 names end after 40 characters: what else is fused into those layers is "
            "unknown",
        )


class TestAlignment:
    def test_different_fusions(self):
        nodes = chain("a", "b", "c", "d")
        base = make_profile(
            [Layer("1", "k", ("a", "b")), Layer("2", "k", ("c",)), Layer("3", "k", ("d",))],
            [4.0, 2.0, 1.0],
            nodes,
        )
        new = make_profile(
            [Layer("x", "k", ("a",)), Layer("y", "k", ("b", "c")), Layer("z", "k", ("d",))],
            [1.0, 2.0, 1.5],
            nodes,
        )
        comparison = compare_profiles(base, new)
        assert figures(comparison) == [
            ("a + b + c", 6.0, 3.0, "re-fused"),
            ("d", 1.0, 1.5, "same"),
        ]
        assert comparison.rows[0].base_layers == ("1", "2")
        assert comparison.rows[0].new_layers == ("x", "y")
        check_sums(comparison)

    def test_rows_keep_the_order_of_execution(self):
        layers = [Layer(name, "k", (name,)) for name in "abc"]
        base = make_profile(layers, [1.0, 1.0, 1.0], chain(*"abc"))
        new = make_profile(layers, [1.1, 1.5, 3.0], chain(*"abc"))
        rows = compare_profiles(base, new).rows
        assert [(row.name, row.order) for row in rows] == [("c", 2), ("b", 1), ("a", 0)]
        gone = make_profile(layers[:2], [1.0, 1.0], chain(*"abc"))
        assert {row.name: row.order for row in compare_profiles(base, gone).rows}["c"] == 2

    def test_what_only_one_side_has(self):
        nodes = chain(*"abc")
        some = [Layer("a", "k", ("a",)), Layer("b", "k", ("b",))]
        others = [Layer("a", "k", ("a",)), Layer("c", "k", ("c",))]
        base, new = make_profile(some, [1.0, 2.0], nodes), make_profile(others, [1.0, 3.0], nodes)
        assert figures(compare_profiles(base, new)) == [
            ("c", 0.0, 3.0, "appeared"),
            ("b", 2.0, 0.0, "vanished"),
            ("a", 1.0, 1.0, "same"),
        ]

    def test_unfused_baseline_against_an_engine(self):
        nodes = (
            *chain("conv", "relu"),
            ModelNode("cat", "Concat", ("relu",), ("cat",)),
            ModelNode("fc", "Gemm", ("cat",), ("y",)),
        )
        base = make_profile(
            [Layer(n.name, n.op, (n.name,)) for n in nodes], [5.0, 1.0, 0.5, 2.0], nodes
        )
        new = make_profile(
            [
                Layer("move", "Reformat", outputs=(TensorInfo("t", (1,), "Half"),)),
                Layer("k", "k", ("conv", "relu"), inputs=(TensorInfo("t", (1,), "Half"),)),
                Layer("g", "gemm", ("fc",)),
                Layer("w", "wait"),
                Layer("?", "?"),
            ],
            [0.1, 0.4, 0.2, 0.05, 0.01],
            nodes,
        )
        comparison = compare_profiles(base, new)
        assert figures(comparison) == [
            ("conv + relu", 6.0, 0.5, "re-fused"),
            ("fc", 2.0, 0.2, "same"),
            ("cat", 0.5, 0.0, "eliminated"),
        ]
        rest = comparison.rest
        assert (rest.name, rest.base_ms) == ("stream sync and unattributed", 0.0)
        assert rest.new_ms == pytest.approx(0.06, abs=1e-7)
        check_sums(comparison)

    def test_names_of_a_log_are_looked_up_in_the_model_of_the_other(self):
        rows = [
            {"name": "conv + relu", "averageMs": 2.0, "timeMs": 2.0},
            {"name": "fc_myl0_3", "averageMs": 1.0, "timeMs": 1.0},
        ]
        base = parse_trtexec_profile(json.dumps(rows))
        nodes = chain("conv", "relu", "fc")
        new = make_profile(
            [Layer("k", "k", ("conv", "relu")), Layer("g", "k", ("fc",))], [1.0, 1.0], nodes
        )
        assert figures(compare_profiles(base, new)) == [
            ("conv + relu", 2.0, 1.0, "same"),
            ("fc", 1.0, 1.0, "same"),
        ]

    def test_real_engines_of_two_input_formats(self):
        nodes = tuple(
            ModelNode(n["name"], n["op"], tuple(n["inputs"]), tuple(n["outputs"]))
            for n in json.loads((DATA / "googlenet_graph.json").read_text())["nodes"]
        )
        rows = json.loads((DATA / "trtexec_profile_googlenet_fp16_b4.json").read_text())[1:]
        times = [row["medianMs"] for row in rows]
        profiles = []
        for name in ("fp16_b4", "fp16_chw2_b4"):
            engine = parse_engine_information(
                (DATA / f"inspector_googlenet_{name}.json").read_text()
            )
            profiles.append(make_profile(engine.layers, times, nodes, io=engine.io))
        comparison = compare_profiles(*profiles)
        assert len(comparison.rows) == 74
        assert {row.kind for row in comparison.rows} == {"same"}
        check_sums(comparison)


class TestTotals:
    @pytest.mark.parametrize(
        ("series", "name"),
        [
            ({"wall_ms", "gpu_ms"}, "un-profiled GPU time"),
            ({"wall_ms"}, "un-profiled latency"),
            (set(), "one forward pass, summed over layers"),
        ],
    )
    def test_best_that_both_sides_have(self, series, name):
        times = {key: np.linspace(0.9, 1.1, 101, dtype=np.float32) for key in series}
        samples = Samples(
            **{
                "layer_ms": np.full((1, 1), 3.0, np.float32),
                "wall_ms": np.empty(0, np.float32),
                **times,
            }
        )
        profile = make_profile([Layer("a", "k", ("a",))], [3.0], samples=samples)
        total = compare_profiles(profile, profile).total
        assert total.name == name
        assert total.ratio == 1.0
        assert total.base_ms == pytest.approx(1.0 if series else 3.0)
        assert total.is_noise is (True if series else None)


class TestHostBound:
    """Where the host is the slower one, the GPU time hides what the GPU itself takes."""

    def timed(self, layer_ms: float, gated_ms: float, gpu_ms: float = 1.0, batch: int = 1):
        times = np.full((40, 1), layer_ms, np.float32)
        rng = np.random.default_rng(0)
        series = {
            name: (ms * rng.uniform(0.95, 1.05, 40)).astype(np.float32)
            for name, ms in (("wall_ms", gpu_ms), ("gpu_ms", gpu_ms), ("gated_ms", gated_ms))
            if ms
        }
        samples = Samples(times, series.pop("wall_ms"), **series)
        return make_profile(
            [Layer("a", "k", ("a",))], times, chain("a"), samples=samples, batch=batch
        )

    def test_the_gated_time_is_told_beside_it(self):
        comparison = compare_profiles(self.timed(0.9, 0.8), self.timed(0.5, 0.4))
        assert comparison.total.is_noise
        assert comparison.gated is not None
        assert comparison.gated.name == "un-profiled GPU time, gated"
        assert comparison.gated.ratio == pytest.approx(0.5, rel=1e-6)
        assert comparison.gated.is_noise is False
        assert comparison.gated.interval[0] < 0.5 < comparison.gated.interval[1]
        total = comparison.total
        assert headline(comparison) == (
            f"One forward pass takes 100.0% of what it takes in base: {total.new_ms:.4f} of "
            f"{total.base_ms:.4f} ms; the difference may be chance. With the launch overhead "
            f"hidden (gated) it is 50.0%: {comparison.gated.new_ms:.4f} of "
            f"{comparison.gated.base_ms:.4f} ms."
        )

    def test_a_difference_of_the_gated_time_too_may_be_chance(self):
        comparison = compare_profiles(self.timed(0.9, 0.8), self.timed(0.9, 0.8, 2.0))
        assert comparison.gated is not None
        assert (comparison.total.is_noise, comparison.gated.is_noise) == (False, True)
        assert headline(comparison).endswith(" 0.8179 of 0.8179 ms; the difference may be chance.")

    def test_one_side_without_it(self):
        comparison = compare_profiles(self.timed(0.9, 0.8), self.timed(0.5, 0))
        assert comparison.gated is None
        assert "gated" not in headline(comparison)

    def test_other_batches_are_named(self):
        comparison = compare_profiles(self.timed(0.9, 0.8), self.timed(0.9, 1.6, 2, batch=4))
        assert headline(comparison).startswith(
            "One forward pass of batch 4 takes 200.0% of what one of batch 1 takes in base: "
        )


class TestBaseThatLacksNodes:
    """Without a total of its own, a log that is not whole stands for no forward pass."""

    NODES = chain("conv1", "pool1", "conv2")
    NEW = make_profile(
        [Layer(node.name, "k", (node.name,)) for node in NODES], [[0.1, 0.05, 0.4]], NODES
    )

    def test_what_both_have_is_compared(self):
        base = make_profile(
            [Layer("conv1", nodes=("conv1",)), Layer("pool1", nodes=("pool1",))], [[0.3, 0.1]]
        )
        for comparison, ratio in (
            (compare_profiles(base, self.NEW), 0.15 / 0.4),
            (compare_profiles(self.NEW, base), 0.4 / 0.15),
        ):
            assert comparison.total.name == "nodes that both have"
            assert comparison.total.ratio == pytest.approx(ratio)
        assert headline(compare_profiles(base, self.NEW)) == (
            "The nodes that both have take 37.5% of what they take in base: 0.1500 of 0.4000 ms."
        )

    def test_its_own_total_stands_for_all(self):
        layers = [Layer("conv1", nodes=("conv1",)), Layer("pool1", nodes=("pool1",))]
        base = make_profile(layers, [[0.3, 0.1]])
        whole = replace(base, samples=replace(base.samples, wall_ms=np.float32([1.0])))
        new = replace(self.NEW, samples=replace(self.NEW.samples, wall_ms=np.float32([0.6])))
        assert headline(compare_profiles(whole, new)) == (
            "One forward pass takes 60.0% of what it takes in base: 0.6000 of 1.0000 ms."
        )

    def test_what_costs_nothing_is_not_lacking(self):
        """A Dropout that an engine removes is no gap in its profile."""
        nodes = chain("conv1", "drop")
        nodes = (nodes[0], replace(nodes[1], op="Dropout"))
        engine = make_profile([Layer("conv1", "k", ("conv1",))], [[0.1]], nodes)
        each = [Layer(name, "k", (name,)) for name in ("conv1", "drop")]
        comparison = compare_profiles(make_profile(each, [[0.2, 0.1]], nodes), engine)
        assert comparison.total.name == "one forward pass, summed over layers"
        assert comparison.total.ratio == pytest.approx(0.1 / 0.3)


class TestUnlikeTotals:
    """A latency on one side only: sums over layers are compared with sums over layers."""

    def test_sums_are_compared(self):
        layers = [Layer("a", "k", ("a",)), Layer("b", "k", ("b",))]
        base = make_profile(layers, np.full((400, 2), 0.5))
        slower = make_profile(layers, np.full((400, 2), 0.55))
        wall = replace(slower.samples, wall_ms=np.full(400, 5.0, np.float32))
        comparison = compare_profiles(base, replace(slower, samples=wall))
        total = comparison.total
        assert total.name == "one forward pass, summed over layers"
        assert (total.base_ms, total.new_ms) == pytest.approx((1.0, 1.1))
        assert total.is_noise is False
        assert total.interval == pytest.approx((1.1, 1.1))
        assert comparison.notes == (
            "base has no un-profiled latency: the total is a sum over layers on both sides, with "
            "what profiling costs each tool in it",
        )
        turned = compare_profiles(replace(slower, samples=wall), base)
        assert turned.total.ratio == pytest.approx(1 / 1.1)
        assert turned.notes[0].startswith("new has no un-profiled latency")

    def test_one_latency_of_a_whole_run_is_not_judged(self):
        profile = make_profile([Layer("a", "k", ("a",))], np.full((40, 1), 0.5))
        one = replace(profile.samples, wall_ms=np.full(1, 0.7, np.float32))
        many = replace(profile.samples, wall_ms=np.full(40, 0.8, np.float32))
        for pair in ((one, one), (one, many), (many, one)):
            comparison = compare_profiles(*(replace(profile, samples=s) for s in pair))
            assert comparison.total.name == "one forward pass"
            assert comparison.total.is_noise is None
            assert comparison.total.base_ms == pytest.approx(float(np.median(pair[0].wall_ms)))
            assert comparison.notes == ()

    def test_steps_of_the_clock_in_the_total_are_noise(self):
        layers = [Layer("a", "k", ("a",))]
        pair = [
            make_profile(
                layers,
                np.ones((200, 1)),
                samples=Samples(
                    np.ones((200, 1), np.float32),
                    np.full(200, ms, np.float32),
                    gpu_ms=np.full(200, ms, np.float32),
                ),
            )
            for ms in (0.010, 0.0109, 0.0112)
        ]
        assert compare_profiles(pair[0], pair[1]).total.is_noise is True
        assert compare_profiles(pair[0], pair[2]).total.is_noise is False
        on_host = [replace(p, samples=replace(p.samples, gpu_ms=no_samples())) for p in pair]
        assert compare_profiles(on_host[0], on_host[1]).total.is_noise is False


def test_notes_of_what_differs():
    base = make_profile([Layer("a", "k", ("a",))], np.ones((9, 1)), batch=4)
    new = replace(base, batch=8, environment=replace(base.environment, device="B"))
    base = replace(base, environment=replace(base.environment, device="A"))
    assert compare_profiles(base, new).notes == (
        "batch differs: 4 in base, 8 in new",
        "device differs: A in base, B in new",
    )
