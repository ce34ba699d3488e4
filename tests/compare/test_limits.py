"""The gate: its grammar, and who breaks it."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import numpy as np
import pytest

from trtcore.compare.comparison import Change, Comparison
from trtcore.compare.limits import Broken, Limit, broken_conditions, judge, parse_limit
from trtcore.compare.significance.tails import _percentiles, compare_tails
from trtcore.errors import OptionError
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.system.records import Environment


def make_profile(wall_ms=()) -> Profile:
    return Profile(
        model=ModelRecord("net", "net.onnx"),
        backend="tensorrt",
        precision="",
        batch=1,
        method=Method(),
        io=(),
        layers=(),
        samples=Samples(np.empty((0, 0), np.float32), np.asarray(wall_ms, np.float32)),
        counts=Counts(1, 0, 1),
        environment=Environment("", "", "", "", "", ""),
    )


def row(name, base_ms, new_ms, *, noise=False, **changes) -> Change:
    change = Change(name, base_ms, new_ms, (1.0, 1.1), noise, nodes=(name,))
    return replace(change, **changes)


def make_comparison(*rows: Change, total=None, base=(), new=()) -> Comparison:
    same = Change("total", 1.0, 1.0)
    return Comparison(make_profile(base), make_profile(new), rows, total or same, same, same)


def broken_names(comparison: Comparison, *texts: str) -> list[str]:
    conditions = tuple(parse_limit(text) for text in texts)
    return [one.row.name for one in broken_conditions(comparison, conditions)]


class TestGrammar:
    @pytest.mark.parametrize(
        ("text", "condition"),
        [
            ("total > 3%", ("total", "*", ">", 3.0, "%")),
            ("gated > 3%", ("gated", "*", ">", 3.0, "%")),
            ("layer > 10%", ("layer", "*", ">", 10.0, "%")),
            ("p99 > 5%", ("p99", "*", ">", 5.0, "%")),
            ("  p90>=0.5ms ", ("p90", "*", ">=", 0.5, "ms")),
            ("layer inception_3a/* > 1.5 %", ("layer", "inception_3a/*", ">", 1.5, "%")),
            ("layer a b >= 1 ms", ("layer", "a b", ">=", 1.0, "ms")),
        ],
    )
    def test_conditions(self, text, condition):
        assert parse_limit(text) == Limit(text, *condition)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "expected one of total, gated, layer, p90, p95, p99 at position 1, found its end"),
            (
                "totl > 3%",
                "expected one of total, gated, layer, p90, p95, p99 at position 1, found 'totl",
            ),
            ("total", "expected '>' or '>=' at position 6, found its end"),
            ("total 3%", "expected '>' or '>=' at position 7, found '3%'"),
            ("total < 3%", "expected '>' or '>=' at position 7, found '< 3%'"),
            ("total >> 3%", "expected a number such as 3 or 0.5 at position 8, found '> 3%'"),
            ("total > -3%", "expected a number such as 3 or 0.5 at position 9, found '-3%'"),
            ("total > .5%", "expected a number such as 3 or 0.5 at position 9, found '.5%'"),
            ("total > 1e3%", "expected '%' or 'ms' at position 10, found 'e3%'"),
            ("total > 3", "expected '%' or 'ms' at position 10, found its end"),
            ("total > 3 s", "expected '%' or 'ms' at position 11, found 's'"),
            ("total > 3% or more", "expected nothing more at position 12, found 'or more'"),
            ("total x > 3%", "expected '>' or '>=' at position 7, found 'x > 3%'"),
            ("layer", "expected '>' or '>=' at position 6, found its end"),
        ],
    )
    def test_errors_show_the_place(self, text, words):
        with pytest.raises(OptionError) as caught:
            parse_limit(text)
        assert str(caught.value).startswith(f"'{text}': {words}")
        assert "\n" not in str(caught.value)


class TestLayer:
    def test_increase_beyond_the_limit(self):
        comparison = make_comparison(row("a", 1.0, 1.11), row("b", 1.0, 1.09), row("c", 1.0, 0.5))
        assert broken_names(comparison, "layer > 10%") == ["a"]

    def test_noise_never_breaks_it(self):
        assert broken_names(make_comparison(row("a", 1.0, 2.0, noise=True)), "layer > 10%") == []

    def test_without_samples_the_figures_decide(self):
        change = row("a", 1.0, 2.0, noise=None, interval=(nan, nan))
        (one,) = broken_conditions(make_comparison(change), (parse_limit("layer > 10%"),))
        assert str(one) == (
            "a: 1.0000 -> 2.0000 ms (+1.0000 ms, +100.0%; noise unknown) breaks 'layer > 10%'"
        )

    def test_milliseconds_and_equality(self):
        comparison = make_comparison(row("a", 1.0, 1.5), row("b", 8.0, 8.25))
        assert broken_names(comparison, "layer > 0.3 ms") == ["a"]
        assert broken_names(comparison, "layer >= 0.5 ms") == ["a"]
        assert broken_names(comparison, "layer > 0.5 ms") == []

    def test_pattern(self):
        comparison = make_comparison(row("m/a", 1.0, 2.0), row("n/a", 1.0, 2.0))
        assert broken_names(comparison, "layer m/* > 1%") == ["m/a"]
        comparison = make_comparison(row("M/a", 1.0, 1.0), row("m/a", 1.0, 2.0))
        assert broken_names(comparison, "layer M/* > 1%") == []

    def test_against_the_rest(self):
        change = row("a", 1.0, 1.02, relative_ratio=1.06)
        assert broken_names(make_comparison(change), "layer > 5%") == ["a"]
        assert broken_names(make_comparison(change), "layer > 0.05 ms") == ["a"]
        assert "; 1.060x relative to all other layers)" in str(
            Broken(parse_limit("layer > 5%"), change)
        )

    def test_new_layer_has_no_percentage(self):
        appeared = row("a", 0.0, 0.4, noise=None, kind="appeared")
        comparison = make_comparison(appeared, row("b", 1.0, 1.0))
        assert broken_names(comparison, "layer > 10%") == []
        assert broken_names(comparison, "layer > 0.1 ms") == ["a"]

    def test_several_conditions(self):
        comparison = make_comparison(row("a", 1.0, 2.0), total=row("total", 10.0, 11.0))
        assert broken_names(comparison, "total > 3%", "layer > 10%") == ["total", "a"]
        assert broken_names(comparison) == []


class TestDoubt:
    """Rows that are noise although their interval says that they increased."""

    def test_such_a_row_breaks_nothing_and_is_named(self):
        far = row("a", 1.0, 2.0, noise=True, interval=(1.8, 2.1))
        verdict = judge(make_comparison(far, row("b", 1, 2)), (parse_limit("layer > 10%"),))
        assert [one.row.name for one in verdict.broken] == ["b"]
        (doubtful,) = verdict.doubtful
        assert str(doubtful) == (
            "a: 1.0000 -> 2.0000 ms (+1.0000 ms, +100.0%; 95 % interval 1.800 to 2.100) is beyond "
            "'layer > 10%' but may be chance, so it breaks nothing: measure both for longer"
        )

    @pytest.mark.parametrize(
        "change",
        [
            row("a", 1.0, 2.0, noise=True, interval=(0.9, 2.1)),  # its interval explains it
            row("a", 1.0, 1.05, noise=True, interval=(1.01, 1.1)),  # within the limit
            row("a", 1.0, 2.0, noise=None, interval=(nan, nan)),  # nothing is known, so it breaks
            row("a", 1.0, 2.0, interval=(1.8, 2.1)),  # breaks
        ],
    )
    def test_no_doubt(self, change):
        verdict = judge(make_comparison(change), (parse_limit("layer > 10%"),))
        assert verdict.doubtful == ()

    def test_a_few_odd_batches_are_enough_for_doubt(self):
        """Twice the time throughout, and a spike in one of seven batches."""
        from trtcore.compare.profiles import compare_profiles
        from trtcore.result.records.layers import Layer

        times = np.full((224, 1), 0.08, np.float32)
        times[::2] += 0.001
        times[32:60] = 2.0
        layer = Layer("conv", "Conv", nodes=("conv",))
        base, new = (
            replace(
                make_profile(),
                layers=(layer,),
                samples=Samples(times * scale, np.empty(0, np.float32)),
            )
            for scale in (1, 2)
        )
        verdict = judge(compare_profiles(base, new), (parse_limit("layer > 10%"),))
        assert verdict.broken == ()
        assert [one.row.name for one in verdict.doubtful] == ["conv"]


class TestNothingToJudge:
    """Each of these would pass for a condition that holds."""

    GONE = (
        row("a", 1.0, 0.0, noise=None, kind="vanished"),
        row("b", 1.0, 0.0, noise=None, kind="eliminated"),
        row("c", 0.0, 1.0, noise=None, kind="appeared"),
    )

    @pytest.mark.parametrize(
        ("rows", "text", "reason"),
        [
            (
                (row("a", 1.0, 1.0), row("b", 1.0, 1.0)),
                "layer x* > 1%",
                "none of the 2 rows has a node of that name; the first is 'a'",
            ),
            ((), "layer > 1%", "no layer is mapped to a model node"),
            ((), "layer x* > 1 ms", "no layer is mapped to a model node"),
            (GONE, "layer > 1%", "none of its 3 rows is timed on both sides"),
            (GONE[:2], "layer > 1 ms", "none of its 2 rows is timed on both sides"),
            (GONE, "layer c > 1%", "'c' is not timed on both sides"),
        ],
    )
    def test_layer(self, rows, text, reason):
        with pytest.raises(OptionError) as caught:
            broken_names(make_comparison(*rows), text)
        assert str(caught.value) == f"condition '{text}' matches no comparable row: {reason}"

    @pytest.mark.parametrize(("base_ms", "new_ms"), [(0.0, 1.0), (1.0, nan), (nan, 1.0)])
    def test_total(self, base_ms, new_ms):
        comparison = make_comparison(total=Change("one forward pass", base_ms, new_ms))
        with pytest.raises(OptionError) as caught:
            broken_names(comparison, "total > 3%")
        assert str(caught.value) == (
            "condition 'total > 3%' matches no comparable row: 'one forward pass' is not timed on "
            "both sides"
        )

    def test_one_row_that_tells_is_enough(self):
        comparison = make_comparison(*self.GONE, row("d", 1.0, 2.0))
        assert broken_names(comparison, "layer > 1%") == ["d"]

    UNCLAIMED = row("a", 1.0, 1.5, noise=True, interval=(nan, nan), unmapped_ms=0.5)

    @pytest.mark.parametrize(
        ("rows", "which"), [((UNCLAIMED,), "'a'"), ((UNCLAIMED, UNCLAIMED), "any of its 2 rows")]
    )
    @pytest.mark.parametrize("text", ["layer > 10%", "layer a > 0.4 ms"])
    def test_rows_that_nothing_is_claimed_of(self, rows, which, text):
        with pytest.raises(OptionError) as caught:
            broken_names(make_comparison(*rows, self.GONE[0]), text)
        assert str(caught.value) == (
            f"condition '{text}' matches no comparable row: unmapped layers can explain or hide "
            f"0.5000 ms in {which}; build both engines with profiling verbosity DETAILED"
        )

    def test_what_is_hidden_within_the_limit_does_not_matter(self):
        for text in ("layer > 50%", "layer > 0.5 ms"):
            assert broken_names(make_comparison(self.UNCLAIMED), text) == []

    def test_one_row_that_is_claimed_is_enough(self):
        comparison = make_comparison(self.UNCLAIMED, row("b", 1.0, 2.0))
        assert broken_names(comparison, "layer > 10%") == ["b"]

    def test_a_row_within_noise_was_judged(self):
        assert broken_names(make_comparison(row("a", 1.0, 2.0, noise=True)), "layer > 1%") == []


class TestTails:
    RANDOM = np.random.default_rng(0)

    def test_grown_tail(self):
        base = self.RANDOM.normal(1.0, 0.01, 1000)
        new = base.copy()
        new[::20] *= 1.5
        comparison = make_comparison(base=base, new=new)
        assert broken_names(comparison, "p99 > 5%") == ["p99 of the un-profiled latency"]
        assert broken_names(comparison, "p90 > 5%") == []

    @pytest.mark.parametrize("trials", [10, pytest.param(40, marks=pytest.mark.slow)])
    def test_equal_tails_raise_no_alarm(self, trials):
        alarms = 0
        for _ in range(trials):
            base, new = self.RANDOM.lognormal(0, 0.3, (2, 700))
            alarms += bool(broken_names(make_comparison(base=base, new=new), "p99 > 0%"))
        assert alarms <= 0.1 * trials

    @pytest.mark.parametrize("percent", [90, 95, 99])
    def test_draws_are_the_percentiles_of_resampled_batches(self, percent):
        random = np.random.default_rng(1)
        batches = random.lognormal(0, 0.3, (50, 20)).astype(np.float32)
        places = [random.integers(0, 50, 50) for _ in range(30)]
        expected = [np.percentile(batches[at], percent) for at in places]
        # Of float32 times, of which NumPy takes the mean in float32 too.
        assert _percentiles(batches, places, percent) == pytest.approx(expected, rel=1e-6)
        batches[3, 4] = np.nan
        assert np.isnan(_percentiles(batches, places, percent)).all()

    def test_batches_that_resemble_their_neighbours_widen_the_interval(self):
        random = np.random.default_rng(0)
        slow = np.sin(np.arange(64) / 64 * 4 * np.pi)[:, None] > 0
        batches = random.normal(1.0, 0.02, (64, 32)) + 0.1 * (random.random((64, 32)) < 0.2 * slow)
        mixed = random.permuted(batches, axis=0)
        shuffled = batches[random.permutation(64)]
        widths = []
        for times in (batches, shuffled, mixed):
            samples = Samples(np.empty((0, 0), np.float32), times.astype(np.float32).ravel())
            low, high = compare_tails(samples, samples, 90).interval
            widths.append(np.log(high / low))
        assert widths[0] > 2 * widths[1]
        assert widths[0] > 2 * widths[2]

    @pytest.mark.parametrize(("percent", "needed"), [(90, 64), (95, 130), (99, 662)])
    def test_too_few_samples_cannot_pass_for_a_success(self, percent, needed):
        comparison = make_comparison(base=np.ones(needed), new=np.ones(needed - 1))
        with pytest.raises(OptionError) as caught:
            broken_names(comparison, f"p{percent} > 5%")
        assert str(caught.value) == (
            f"p{percent} needs {needed} un-profiled iterations on both sides, there are {needed} "
            f"and {needed - 1}"
        )
