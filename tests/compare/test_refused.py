"""Comparisons that cannot be made, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made_profiles import chain, check_sums, figures, make_profile

from trtcore.compare.profiles import compare_profiles
from trtcore.errors import ResultError
from trtcore.result.readers.trtexec import parse_trtexec_profile
from trtcore.result.records.layers import Layer, ModelNode
from trtcore.result.records.samples import StreamedSeries
from trtcore.stats.histogram import fold


class TestRefused:
    def test_other_graph(self):
        base = make_profile([Layer("1", "k", ("a",))], [1.0], chain("a", "b", "c", "d", "e"))
        new = make_profile([Layer("1", "k", ("a",))], [1.0], chain("a", "f"))
        with pytest.raises(ResultError) as caught:
            compare_profiles(base, new)
        assert str(caught.value) == (
            "'net' (5 nodes) and 'net' (2 nodes) are not the same model: 'b', 'c', 'd' and 2 more "
            "differ; allow_partial=True compares what is in both"
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
            "of the time on either side; allow_partial=True compares what is"
        )
        comparison = compare_profiles(base, new, allow_partial=True)
        assert comparison.rest.base_ms == 1.0
        check_sums(comparison)

    @pytest.mark.parametrize(("shared", "is_same"), [(0.49, False), (0.51, True)])
    def test_logs_that_share_half_of_the_time_are_of_one_model(self, shared, is_same):
        base = make_profile(
            [Layer("1", "k", ("a",)), Layer("2", "k", ("b",))], [shared, 1 - shared]
        )
        new = make_profile([Layer("1", "k", ("a",)), Layer("3", "k", ("c",))], [shared, 1 - shared])
        if is_same:
            assert len(compare_profiles(base, new).rows) == 3
            return
        with pytest.raises(ResultError, match="layers of 1 node are in both, less than half"):
            compare_profiles(base, new)

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (np.nan, "that is not a number"),
            (np.inf, "that is not a number"),
            (-0.001, "below zero; the device's event times cannot be trusted"),
        ],
    )
    def test_layer_times_that_are_none(self, value, words):
        good = make_profile([Layer("a", "k", ("a",)), Layer("b", "k", ("b",))], np.ones((3, 2)))
        times = good.samples.layer_ms.copy()
        times[1, 1] = value
        bad = replace(good, samples=replace(good.samples, layer_ms=times))
        for pair in ((good, bad), (bad, good)):
            with pytest.raises(ResultError) as caught:
                compare_profiles(*pair)
            assert str(caught.value) == f"'net' (tensorrt): layer 'b' has a time {words}"

    @pytest.mark.parametrize("name", ["wall_ms", "gpu_ms", "enqueue_ms", "gated_ms", "graph_ms"])
    @pytest.mark.parametrize(
        ("value", "words"), [(np.nan, "that is not a number"), (-0.1, "below zero")]
    )
    def test_other_times_that_are_none(self, name, value, words):
        good = make_profile([Layer("a", "k", ("a",))], np.ones((40, 1)))
        times = np.ones(40, np.float32)
        times[7] = value
        bad = replace(good, samples=replace(good.samples, **{name: times}))
        with pytest.raises(ResultError) as caught:
            compare_profiles(good, bad, names=("old.json", "new.json"))
        assert str(caught.value) == f"new.json: {name} has a time {words}"

    @pytest.mark.parametrize("field", ["min_ms", "max_ms", "mean_ms"])
    @pytest.mark.parametrize("value", [np.nan, -0.1])
    def test_streamed_times_that_are_none(self, field, value):
        good = make_profile([Layer("a", "k", ("a",))], np.ones((40, 1)))
        bad = fold(good.samples.layer_ms)
        bad = replace(bad, **{field: np.full_like(getattr(bad, field), value)})
        layers = replace(good.samples, layer_histograms=bad)
        with pytest.raises(ResultError, match="layer 'a' has a time"):
            compare_profiles(good, replace(good, samples=layers))
        wall = replace(
            good.samples,
            wall_ms=np.ones(40, np.float32),
            streamed=(StreamedSeries("wall_ms", bad),),
        )
        with pytest.raises(ResultError, match="wall_ms has a time"):
            compare_profiles(good, replace(good, samples=wall))

    def test_errors_name_the_files(self):
        files = ("old.json", "new.json")
        one = make_profile([Layer("1", "k", ("a",))], [1.0], chain("a"))
        other = replace(one, model=replace(one.model, nodes=chain("f")))
        with pytest.raises(
            ResultError, match=r"old\.json \(1 nodes\) and new\.json \(1 nodes\) are"
        ):
            compare_profiles(one, other, names=files)
        log = parse_trtexec_profile('[{"name": "other", "averageMs": 1.0, "timeMs": 1}]', "p.json")
        with pytest.raises(ResultError, match=r"^old\.json and new\.json are not the same model"):
            compare_profiles(one, log, names=files)
        twice = replace(one, model=replace(one.model, nodes=(*chain("a"), *chain("a"))))
        with pytest.raises(ResultError, match=r"^new\.json: model node 'a' is there twice"):
            compare_profiles(one, twice, names=files)

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
