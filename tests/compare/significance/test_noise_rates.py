"""Comparisons of real samples: how often chance is taken for change, and change for chance."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from hand_made_profiles import chain, make_profile
from paths import DATA

from trtcore.compare.limits import broken_conditions, parse_limit
from trtcore.compare.profiles import compare_profiles
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples


@pytest.fixture(scope="module")
def recorded():
    with np.load(DATA / "samples_convnet_cpu.npz") as file:
        return [str(n) for n in file["names"]], file["us"] / 1000, file["wall"]


class TestNoise:
    """Real samples: a small network, 4000 iterations on a shared CPU that drifts by 4 %."""

    def run(self, recorded, rows) -> Profile:
        names, layer_ms, wall_ms = recorded
        return make_profile(
            [Layer(name, "Conv", (name,)) for name in names],
            layer_ms[rows],
            chain(*names),
            backend="onnxruntime",
            samples=Samples(layer_ms[rows].astype(np.float32), wall_ms[rows]),
        )

    def stretch(self, recorded, start, length) -> Profile:
        return self.run(recorded, slice(start, start + length))

    def pick(self, recorded, blocks) -> Profile:
        """A run of 1000 iterations: ten stretches of 100."""
        places = [np.arange(k * 100, (k + 1) * 100) for k in sorted(blocks)]
        return self.run(recorded, np.concatenate(places))

    def slowed(self, profile: Profile, layer: int, factor: float = 1.05) -> Profile:
        times = profile.samples.layer_ms.copy()
        times[:, layer] *= factor
        return replace(profile, samples=replace(profile.samples, layer_ms=times))

    @pytest.mark.parametrize("trials", [20, pytest.param(40, marks=pytest.mark.slow)])
    def test_equal_runs_raise_no_alarm_and_one_slow_layer_is_found(self, recorded, trials):
        random = np.random.default_rng(5)
        gate = tuple(parse_limit(text) for text in ("layer > 3%", "total > 3%"))
        large = np.flatnonzero(np.median(recorded[1], axis=0) > 0.1)
        alarms = found = 0
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

    @pytest.mark.parametrize(("length", "most"), [(2000, 0), (1000, 0), (500, 0), (250, 3)])
    def test_neighbouring_stretches_raise_few_alarms(self, recorded, length, most):
        """The machine itself changed between them: short stretches can see that."""
        starts = range(0, 4001 - 2 * length, length // 2)
        alarms = 0
        for start in starts:
            pair = (self.stretch(recorded, start + k * length, length) for k in range(2))
            comparison = compare_profiles(*pair)
            alarms += any(row.is_noise is False for row in (*comparison.rows, comparison.total))
        assert alarms <= most

    def test_of_two_halves_one_slow_layer_is_found(self, recorded):
        """And no other, although that layer is up to a seventh of the time."""
        base, new = (self.stretch(recorded, start, 2000) for start in (0, 2000))
        for layer in np.flatnonzero(np.median(recorded[1], axis=0) > 0.1):
            rows = compare_profiles(base, self.slowed(new, int(layer), 1.1)).rows
            assert [row.name for row in rows if row.is_noise is False] == [base.layers[layer].name]

    def test_a_common_slow_down_is_seen_in_all(self, recorded):
        base, new = self.pick(recorded, range(10)), self.pick(recorded, range(20, 30))
        slower = replace(new, samples=replace(new.samples, layer_ms=new.samples.layer_ms * 1.5))
        rows = [row for row in compare_profiles(base, slower).rows if row.base_ms > 0.1]
        assert all(row.is_noise is False and row.interval[0] > 1.2 for row in rows)
        assert all(isnan(row.relative_ratio) for row in rows)

    def test_a_run_beside_itself_is_as_uncertain_as_beside_another(self, recorded):
        """Both sides are drawn again, each for itself."""
        run = self.stretch(recorded, 0, 1000)
        comparison = compare_profiles(run, run)
        for row in (*comparison.rows[:3], comparison.total):
            assert row.ratio == 1
            assert row.is_noise is True
            assert row.interval[1] - row.interval[0] > 0.002

    def test_a_rest_that_changed_much_is_no_common_drift(self):
        layers = [Layer("a", "k", ("a",)), Layer("b", "k", ("b",)), Layer("?", "?")]
        noise = np.random.default_rng(0).normal(1, 0.01, (2, 320, 3))
        base = make_profile(layers, np.array([1.0, 1.0, 1.0]) * noise[0], chain("a", "b"))
        for rest, is_noise in ((0.95, False), (0.85, True)):
            new = make_profile(layers, np.array([0.5, 1.0, rest]) * noise[1], chain("a", "b"))
            rows = {row.name: row for row in compare_profiles(base, new).rows}
            assert rows["a"].is_noise is False
            assert rows["b"].is_noise is is_noise

    def test_steps_of_the_clock_are_noise(self):
        layers = [Layer("a", "k", ("a",)), Layer("b", "k", ("b",))]
        base = make_profile(layers, np.full((200, 2), 0.010))
        new = make_profile(layers, np.full((200, 2), 0.0109))
        assert [row.is_noise for row in compare_profiles(base, new).rows] == [True, True]
        more = make_profile(layers, np.full((200, 2), 0.0112))
        assert [row.is_noise for row in compare_profiles(base, more).rows] == [False, False]
