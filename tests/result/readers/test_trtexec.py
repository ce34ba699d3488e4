"""Profiles that trtexec exported: a real one, old and broken forms, and damaged ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
from foreign_texts import rows_text
from paths import DATA
from words import texts

from trtcore.errors import ResultError
from trtcore.report.content.facts.method import method_text
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.readers.load import load_baseline
from trtcore.result.readers.trtexec import parse_trtexec_profile
from trtcore.result.records.layers import Layer


class TestTrtexec:
    def test_real_file(self):
        profile = load_baseline(DATA / "trtexec_profile_googlenet_fp16_b4.json")
        assert len(profile.layers) == 206
        assert profile.layers[0] == Layer("__myl_MoveConc_myl0_0")
        assert profile.samples.layer_ms[0, 0] == np.float32(0.030368)
        assert method_text(profile) == (
            "trtexec: median of 1 profiled iterations, each layer between two events"
        )
        assert texts(profile.warnings) == (
            "132 of 206 layer names map to no model node, such as '__myl_MoveConc_myl0_0': give "
            "what trtexec --exportLayerInfo wrote with layer_info",
        )

    def test_with_layer_information(self):
        profile = load_baseline(
            DATA / "trtexec_profile_googlenet_fp16_b4.json",
            layer_info=DATA / "inspector_googlenet_fp16_b4.json",
        )
        assert profile.layers[1].nodes == ("conv1/7x7_s2", "conv1/relu_7x7")
        assert profile.io[0].name == "data"
        assert profile.warnings == ()

    def test_layer_information_of_another_engine(self):
        profile = load_baseline(
            DATA / "trtexec_profile_googlenet_fp16_b4.json",
            layer_info=DATA / "inspector_googlenet_fp16_chw2_b4.json",
        )
        assert len(profile.warnings) == 1
        assert "are not in the layer information, such as" in texts(profile.warnings)[0]

    def test_old_and_broken_forms(self):
        text = (
            '[\n  { "count" : 12 }\n'
            ', { "name" : "a "b" \\c", "timeMs" : 24, "averageMs" : 2, "percentage" : nan }\n'
            ', { "name" : "d", "timeMs" : 1e-05, "averageMs" : 1e-05, "percentage" : nan }\n]\n'
        )
        profile = parse_trtexec_profile(text)
        assert [layer.name for layer in profile.layers] == ['a "b" \\c', "d"]
        assert profile.warnings == ()
        np.testing.assert_allclose(profile.samples.layer_ms, [[2, 1e-5]])
        assert method_text(profile).startswith("trtexec: mean of 12 profiled iterations")

    def test_trex_form_without_count(self):
        rows = [{"name": "a", "timeMs": 4, "averageMs": 2, "percentage": 100}]
        profile = parse_trtexec_profile(json.dumps(rows))
        assert profile.samples.layer_ms.tolist() == [[2.0]]
        assert method_text(profile).startswith("trtexec: mean of all profiled")

    @pytest.mark.parametrize("names", [["0", "1"], ["__myl_Cast_myl0_0", "__mye59_0_myl0_1"]])
    def test_names_that_lead_nowhere_ask_for_layer_information(self, names):
        (warning,) = texts(parse_trtexec_profile(rows_text(*names)).warnings)
        assert warning.startswith(f"2 of 2 layer names map to no model node, such as '{names[0]}'")
        assert "layer_info" in warning

    def test_names_that_lead_to_nodes_ask_for_nothing(self):
        names = ("conv1 + relu1", "PWN(a, b)", "pool_myl0_1", "__myln_signal_0_myl0_2")
        assert texts(parse_trtexec_profile(rows_text(*names)).warnings) == ()

    def test_layer_information_with_names_only(self):
        known = parse_engine_information({"Layers": ["a", "b"]})
        assert texts(parse_trtexec_profile(rows_text("a", "b"), known=known).warnings) == (
            "the layer information has no model nodes (profiling verbosity LAYER_NAMES_ONLY): "
            "build the engine with trtexec --profilingVerbosity=detailed",
        )

    @pytest.mark.parametrize("kept", [20, 60, 200, 9000, -2, -3, -40])
    def test_file_that_is_cut_off(self, kept):
        text = (DATA / "trtexec_profile_googlenet_fp16_b4.json").read_text()
        with pytest.raises(ResultError) as caught:
            parse_trtexec_profile(text[:kept], "t.json")
        assert str(caught.value) == (
            "t.json: the file is cut off: it ends without ']'; export it again"
        )

    def test_rows_that_are_not_whole(self):
        rows = ['{"name" : "a", "timeMs" : 1, "averageMs" : nan', '{"name" : "b", "timeMs" : 1}']
        with pytest.raises(ResultError) as caught:
            parse_trtexec_profile(f"[{rows[0]}, {rows[1]}, {rows[1]}]", "t.json")
        assert str(caught.value) == (
            "t.json: the file is damaged: 1 of 3 rows are not whole; export it again"
        )

    def test_rows_around_what_nests_too_deep_are_no_profile(self):
        row = '{"name" : "a", "timeMs" : 1, "averageMs" : 1}'
        with pytest.raises(ResultError) as caught:
            parse_trtexec_profile(f"[{row}, {'[' * 100_000}{']' * 100_000}]", "t.json")
        assert str(caught.value) == (
            "t.json: the file is damaged: nested too deeply; export it again"
        )

    def test_row_without_a_time(self):
        with pytest.raises(ResultError) as caught:
            parse_trtexec_profile('[{"name": "a", "timeMs": 4}]', "x")
        assert str(caught.value) == "x: layer 'a' has no 'averageMs'"
