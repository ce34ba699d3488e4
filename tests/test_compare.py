"""Comparisons: the tutorial's own numbers, fusions that differ, noise, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan
from pathlib import Path

import numpy as np
import pytest

from trtcore.baselines import load_baseline
from trtcore.baselines.trtexec_profile import parse_trtexec_profile
from trtcore.compare import compare_profiles
from trtcore.comparison import Comparison
from trtcore.errors import ResultError
from trtcore.gate import broken_conditions, parse_condition
from trtcore.inspector import parse_engine_information
from trtcore.result import (
    Counts,
    Environment,
    IOTensor,
    Layer,
    ModelNode,
    ModelRecord,
    Profile,
    Samples,
    TensorInfo,
)

DATA = Path(__file__).parent / "data"
X = IOTensor("x", (1,), "Half")


def chain(*names: str, op: str = "Conv") -> tuple[ModelNode, ...]:
    sources = ["x", *names]
    return tuple(
        ModelNode(name, op, (source,), (name,))
        for name, source in zip(names, sources, strict=False)
    )


def make_profile(layers, layer_ms, nodes=(), **changes) -> Profile:
    times = np.atleast_2d(np.asarray(layer_ms, dtype=np.float32))
    profile = Profile(
        model=ModelRecord("net", "net.onnx", nodes=tuple(nodes)),
        backend="tensorrt",
        precision="fp16",
        batch=1,
        method="by hand",
        io=(X,),
        layers=tuple(layers),
        samples=Samples(times, np.empty(0, np.float32)),
        counts=Counts(1, 0, 1),
        environment=Environment("", "", "", "", "", ""),
    )
    return replace(profile, **changes)


def figures(comparison: Comparison) -> list[tuple[str, float, float, str]]:
    return [
        (row.name, round(row.base_ms, 4), round(row.new_ms, 4), row.kind) for row in comparison.rows
    ]


def check_sums(comparison: Comparison) -> None:
    """Nothing is left out: rows and rest add up to the time over all layers, on both sides."""
    for side in ("base_ms", "new_ms"):
        parts = (*comparison.rows, comparison.rest)
        total = sum(getattr(part, side) for part in parts)
        assert total == pytest.approx(getattr(comparison.layers, side), rel=1e-6)


@pytest.fixture(scope="module")
def tutorial() -> Comparison:
    return compare_profiles(
        load_baseline(DATA / "caffe_time_googlenet_b4.txt"),
        load_baseline(DATA / "sample_googlenet_1080ti_b4.txt"),
    )


@pytest.fixture(scope="module")
def recorded():
    with np.load(DATA / "samples_convnet_cpu.npz") as file:
        return [str(n) for n in file["names"]], file["us"] / 1000, file["wall"]


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
        assert tutorial.notes == (
            "base holds one figure per layer, so noise cannot be judged",
            "base: its rows add up to 82.03 of 1046.79 ms: part of the log is missing",
            "new holds one figure per layer, so noise cannot be judged",
            "new: 37 names end after 40 characters: what else is fused into those layers is not "
            "known",
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
        assert (rest.name, rest.base_ms) == ("markers and unattributed", 0.0)
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
            (set(), "one forward pass"),
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


class TestNoise:
    """Real samples: a small network, 4000 iterations on a shared CPU that drifts by 4 %."""

    def pick(self, recorded, blocks) -> Profile:
        """A run of 1000 iterations: ten stretches of 100."""
        names, layer_ms, wall_ms = recorded
        rows = np.concatenate([np.arange(k * 100, (k + 1) * 100) for k in sorted(blocks)])
        return make_profile(
            [Layer(name, "Conv", (name,)) for name in names],
            layer_ms[rows],
            chain(*names),
            backend="onnxruntime",
            samples=Samples(layer_ms[rows].astype(np.float32), wall_ms[rows]),
        )

    def slowed(self, profile: Profile, layer: int) -> Profile:
        times = profile.samples.layer_ms.copy()
        times[:, layer] *= 1.05
        return replace(profile, samples=replace(profile.samples, layer_ms=times))

    def test_equal_runs_raise_no_alarm_and_one_slow_layer_is_found(self, recorded):
        random = np.random.default_rng(5)
        gate = tuple(parse_condition(text) for text in ("layer > 3%", "total > 3%"))
        large = np.flatnonzero(np.median(recorded[1], axis=0) > 0.1)
        trials, alarms, found = 40, 0, 0
        for _ in range(trials):
            blocks = random.permutation(40)
            base, new = self.pick(recorded, blocks[:10]), self.pick(recorded, blocks[10:20])
            same = compare_profiles(base, new)
            alarms += any(row.is_noise is False for row in (*same.rows, same.total))
            assert broken_conditions(same, gate) == ()
            layer = int(random.choice(large))
            broken = broken_conditions(compare_profiles(base, self.slowed(new, layer)), gate)
            found += [one.row.name for one in broken] == [base.layers[layer].name]
        assert alarms / trials <= 0.05
        assert found / trials >= 0.95

    def test_a_common_slow_down_is_seen_in_all(self, recorded):
        base, new = self.pick(recorded, range(10)), self.pick(recorded, range(20, 30))
        slower = replace(new, samples=replace(new.samples, layer_ms=new.samples.layer_ms * 1.5))
        rows = [row for row in compare_profiles(base, slower).rows if row.base_ms > 0.1]
        assert all(row.is_noise is False and row.interval[0] > 1.2 for row in rows)
        assert all(isnan(row.against_rest) for row in rows)

    def test_steps_of_the_clock_are_noise(self):
        layers = [Layer("a", "k", ("a",)), Layer("b", "k", ("b",))]
        base = make_profile(layers, np.full((200, 2), 0.010))
        new = make_profile(layers, np.full((200, 2), 0.0109))
        assert [row.is_noise for row in compare_profiles(base, new).rows] == [True, True]
        more = make_profile(layers, np.full((200, 2), 0.0112))
        assert [row.is_noise for row in compare_profiles(base, more).rows] == [False, False]


class TestRefused:
    def test_other_graph(self):
        base = make_profile([Layer("1", "k", ("a",))], [1.0], chain("a", "b", "c", "d", "e"))
        new = make_profile([Layer("1", "k", ("a",))], [1.0], chain("a", "f"))
        with pytest.raises(ResultError) as caught:
            compare_profiles(base, new)
        assert str(caught.value) == (
            "'net' (5 nodes) and 'net' (2 nodes) are not the same model: 'b', 'c', 'd' and 2 more "
            "differ; --allow-partial compares what is in both"
        )
        comparison = compare_profiles(base, new, allow_partial=True)
        assert figures(comparison) == [("a", 1.0, 1.0, "same")]

    def test_same_names_but_other_operators(self):
        base = make_profile([Layer("1", "k", ("a",))], [1.0], chain("a"))
        new = make_profile([Layer("1", "k", ("a",))], [1.0], chain("a", op="Gemm"))
        with pytest.raises(ResultError, match="not the same model: 'a' differ"):
            compare_profiles(base, new)

    def test_casts_of_a_precision_do_not_count(self):
        base = make_profile([Layer("1", "k", ("a",))], [1.0], chain("a"))
        cast = ModelNode("in_cast", "Cast", ("x",), ("x16",))
        new = make_profile([Layer("1", "k", ("a",))], [1.0], (cast, *chain("a")))
        assert figures(compare_profiles(base, new)) == [("a", 1.0, 1.0, "same")]

    def test_log_of_another_model(self):
        base = parse_trtexec_profile('[{"name": "other", "averageMs": 1.0, "timeMs": 1}]', "p.json")
        new = make_profile([Layer("1", "k", ("a",))], [1.0], chain("a"))
        with pytest.raises(ResultError) as caught:
            compare_profiles(base, new)
        assert str(caught.value) == (
            "'p' and 'net' are not the same model: layers of 0 nodes are in both, less than half "
            "of the time on either side; --allow-partial compares what is"
        )
        comparison = compare_profiles(base, new, allow_partial=True)
        assert comparison.rest.base_ms == 1.0
        check_sums(comparison)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_times_that_are_no_numbers(self, value):
        good = make_profile([Layer("a", "k", ("a",)), Layer("b", "k", ("b",))], [1.0, 1.0])
        bad = make_profile(good.layers, [1.0, value])
        for pair in ((good, bad), (bad, good)):
            with pytest.raises(ResultError, match=r"'net' \(tensorrt\): layer 'b' has a time that"):
                compare_profiles(*pair)

    def test_empty_profile(self):
        good = make_profile([Layer("a", "k", ("a",))], [1.0])
        for empty in (
            make_profile([], np.empty((4, 0))),
            make_profile(good.layers, np.empty((0, 1))),
        ):
            with pytest.raises(ResultError, match="the profile has no times to compare"):
                compare_profiles(good, empty)

    def test_node_that_is_there_twice(self):
        profile = make_profile([Layer("1", "k", ("a",))], [1.0], (*chain("a"), *chain("a")))
        with pytest.raises(ResultError, match="model node 'a' is there twice"):
            compare_profiles(profile, profile)


def test_notes_of_what_differs():
    base = make_profile([Layer("a", "k", ("a",))], np.ones((9, 1)), batch=4)
    new = replace(base, batch=8, environment=replace(base.environment, device="B"))
    base = replace(base, environment=replace(base.environment, device="A"))
    assert compare_profiles(base, new).notes == (
        "batch 4 is compared with batch 8",
        "device A is compared with device B",
    )


def test_note_of_totals_that_mean_different_things():
    base = make_profile([Layer("a", "k", ("a",))], np.ones((9, 1)))
    wall = Samples(base.samples.layer_ms, np.full(9, 1.5, np.float32))
    words = "the forward pass of base is a sum over layers, that of new a latency"
    assert compare_profiles(base, replace(base, samples=wall)).notes == (words,)
