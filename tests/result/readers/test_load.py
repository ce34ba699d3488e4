"""Files of other tools: real ones, every form that is known, and damaged ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from paths import DATA

from trtcore.errors import OptionError, ResultError
from trtcore.result.layers import IOTensor, Layer
from trtcore.result.readers.caffe_time import parse_caffe_time
from trtcore.result.readers.inspector import parse_engine_information
from trtcore.result.readers.load import load_baseline, load_baselines
from trtcore.result.readers.sample_table import CUT, complete_names, parse_sample_table
from trtcore.result.readers.trtexec import parse_trtexec_profile
from trtcore.result.saved import dump_profile

GLOG = """\
I0820 22:20:21.502493  9094 caffe.cpp:360] Use GPU with device ID 0
I0820 22:20:21.502493  9094 caffe.cpp:397] *** Benchmark begins ***
I0820 22:20:21.502493  9094 caffe.cpp:398] Testing for 50 iterations.
I0820 22:20:21.502493  9094 caffe.cpp:426] Iteration: 1 forward-backward time: 12.3 ms.
I0820 22:20:21.502493  9094 caffe.cpp:409] Average time per layer: 
I0820 22:20:21.502493  9094 caffe.cpp:412]       data\tforward: 0.002 ms.
I0820 22:20:21.502493  9094 caffe.cpp:415]       data\tbackward: 0.001 ms.
I0820 22:20:21.502493  9094 caffe.cpp:412] data_data_0_split\tforward: 0.003 ms.
I0820 22:20:21.502493  9094 caffe.cpp:412]      conv1\tforward: 0.446 ms.
I0820 22:20:21.502493  9094 caffe.cpp:415]      conv1\tbackward: 0.81 ms.
I0820 22:20:21.502493  9094 caffe.cpp:420] Average Forward pass: 0.5 ms.
I0820 22:20:21.502493  9094 caffe.cpp:422] Average Backward pass: 0.9 ms.
I0820 22:20:21.502493  9094 caffe.cpp:424] Average Forward-Backward: 1.4 ms.
I0820 22:20:21.502493  9094 caffe.cpp:426] Total Time: 70 ms.
I0820 22:20:21.502493  9094 caffe.cpp:427] *** Benchmark ends ***
"""  # noqa: W291

CAFFE_LAYERS = (
    Layer("data", nodes=("data",)),
    Layer("data_data_0_split", "Split"),
    Layer("conv1", nodes=("conv1",)),
)


def rows_text(*names: str) -> str:
    rows = [{"name": name, "timeMs": 1, "averageMs": 1, "percentage": 1} for name in names]
    return json.dumps(rows)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "file.txt"
    path.write_text(text)
    return path


class TestCaffeTime:
    def test_glog(self):
        profile = parse_caffe_time(GLOG, "logs/net.log")
        assert profile.layers == CAFFE_LAYERS
        np.testing.assert_allclose(profile.samples.layer_ms, [[0.002, 0.003, 0.446]], rtol=1e-6)
        np.testing.assert_allclose(profile.samples.wall_ms, [0.5])
        assert (profile.backend, profile.model.name) == ("caffe", "net")
        assert profile.counts.measured == 50
        assert profile.method == (
            "caffe time on the GPU with device ID 0: mean of 50 iterations, forward pass, every "
            "layer timed alone"
        )
        assert profile.warnings == ()

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace("I0820 ", "I20220820 "),
            lambda text: "\n".join(f"> {line}" for line in text.splitlines()),
            lambda text: text.replace("\t", "    "),
            lambda text: text.replace("\tforward", "\n    forward"),
            lambda text: text.replace("I0820 22:20:21.502493  9094 caffe.cpp:412]", ""),
            lambda text: "\n".join(x for x in text.splitlines() if "backward:" not in x),
        ],
        ids=["new glog", "quoted", "blanks", "wrapped", "no prefix", "forward only"],
    )
    def test_every_form_reads_the_same(self, change):
        profile = parse_caffe_time(change(GLOG))
        assert profile.layers == CAFFE_LAYERS
        np.testing.assert_allclose(profile.samples.layer_ms, [[0.002, 0.003, 0.446]], rtol=1e-6)

    def test_excerpt_of_the_tutorial(self):
        profile = load_baseline(DATA / "caffe_time_googlenet_b4.txt")
        assert len(profile.layers) == 34
        assert profile.samples.wall_ms.tolist() == [np.float32(1046.79)]
        assert profile.warnings == (
            "its rows add up to 82.03 of 1046.79 ms: part of the log is missing",
        )

    def test_rows_beyond_the_whole_are_not_missing(self):
        text = GLOG.replace("split\tforward: 0.003 ms", "split\tforward: 0.303 ms")
        assert parse_caffe_time(text).warnings == (
            "its rows add up to 0.75 ms, more than the 0.50 ms of the whole: that total is cut "
            "short, or rows are there twice",
        )

    def test_faults_of_the_timer_are_left_out_and_said(self):
        text = GLOG.replace("forward: 0.002 ms", "forward: 3.68935e+011 ms")
        profile = parse_caffe_time(text)
        assert [layer.name for layer in profile.layers] == ["data_data_0_split", "conv1"]
        assert profile.warnings == ("layer 'data' is left out: 3.68935e+11 ms cannot be",)

    @pytest.mark.parametrize("value", ["nan", "inf"])
    def test_times_that_are_no_numbers(self, value):
        text = "a\tforward: 1 ms.\nb\tforward: VALUE ms.\n".replace("VALUE", value)
        with pytest.raises(ResultError, match="caffe time: layer 'b' has a time that is not a num"):
            parse_caffe_time(text)

    def test_layer_that_is_there_twice(self):
        with pytest.raises(ResultError, match="layer 'conv1' is there twice; keep the log of one"):
            parse_caffe_time(GLOG + GLOG.replace("data", "datum"))

    def test_log_that_ends_before_its_total(self):
        profile = parse_caffe_time(GLOG[: GLOG.index("conv1\tbackward")])
        assert profile.layers == CAFFE_LAYERS
        assert profile.warnings == (
            "it has no line 'Average Forward pass': part of the log may be missing",
        )

    def test_backward_only(self):
        with pytest.raises(ResultError, match="no layer times in it"):
            parse_caffe_time("a\tbackward: 1 ms.\n")


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
        assert profile.warnings == (
            "37 names end after 40 characters: what else is fused into those layers is not known",
        )

    def test_without_total(self):
        profile = parse_sample_table("conv1 + relu1                           0.128ms\n")
        assert profile.layers == (Layer("conv1 + relu1", nodes=("conv1", "relu1")),)
        assert profile.samples.wall_ms.size == 0
        assert profile.warnings == (
            "it has no line 'Time over all layers': part of the log may be missing",
        )

    def test_cut_in_its_total_or_its_head(self):
        text = (DATA / "sample_googlenet_1080ti_b4.txt").read_text().rstrip()
        (_, warning) = parse_sample_table(text.replace("layers: 2.978", "layers: 2")).warnings
        assert "ms of the whole: that total is cut short, or rows are there twice" in warning
        (_, warning) = parse_sample_table(text[-1200:]).warnings
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


class TestTrtexec:
    def test_real_file(self):
        profile = load_baseline(DATA / "trtexec_profile_googlenet_fp16_b4.json")
        assert len(profile.layers) == 206
        assert profile.layers[0] == Layer("__myl_MoveConc_myl0_0")
        assert profile.samples.layer_ms[0, 0] == np.float32(0.030368)
        assert profile.method == (
            "trtexec: median of 1 profiled iterations, each layer between two events"
        )
        assert profile.warnings == (
            "132 of 206 layer names lead to no model node, such as '__myl_MoveConc_myl0_0': give "
            "what trtexec --exportLayerInfo wrote as layer_info",
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
        assert "are not in the layer information, such as" in profile.warnings[0]

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
        assert profile.method.startswith("trtexec: mean of 12 profiled iterations")

    def test_trex_form_without_count(self):
        rows = [{"name": "a", "timeMs": 4, "averageMs": 2, "percentage": 100}]
        profile = parse_trtexec_profile(json.dumps(rows))
        assert profile.samples.layer_ms.tolist() == [[2.0]]
        assert profile.method.startswith("trtexec: mean of all profiled")

    @pytest.mark.parametrize("names", [["0", "1"], ["__myl_Cast_myl0_0", "__mye59_0_myl0_1"]])
    def test_names_that_lead_nowhere_ask_for_layer_information(self, names):
        (warning,) = parse_trtexec_profile(rows_text(*names)).warnings
        assert warning.startswith(f"2 of 2 layer names lead to no model node, such as '{names[0]}'")
        assert "layer_info" in warning

    def test_names_that_lead_to_nodes_ask_for_nothing(self):
        names = ("conv1 + relu1", "PWN(a, b)", "pool_myl0_1", "__myln_signal_0_myl0_2")
        assert parse_trtexec_profile(rows_text(*names)).warnings == ()

    def test_layer_information_with_names_only(self):
        known = parse_engine_information({"Layers": ["a", "b"]})
        assert parse_trtexec_profile(rows_text("a", "b"), known=known).warnings == (
            "the layer information tells no model nodes, as its verbosity is LAYER_NAMES_ONLY: "
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

    def test_row_without_a_time(self):
        with pytest.raises(ResultError, match="x: layer 'a' has no 'averageMs'"):
            parse_trtexec_profile('[{"name": "a", "timeMs": 4}]', "x")


class TestLoad:
    def test_saved_result(self, tmp_path):
        profile = parse_caffe_time(GLOG)
        again = load_baseline(write(tmp_path, dump_profile(profile)))
        assert again.layers == profile.layers

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (
                "hello\n",
                "is not a saved trtcore result, a profile exported by trtexec, a log of caffe time",
            ),
            ("[1, 2]", "is not a saved trtcore result"),
            ('{"a": 1}', "not a saved trtcore profile"),
            ('{"schema": "trtcore/profile", "version": 99}', "schema version 99"),
            ('{"schema": "trtcore/profile", ', "nor any JSON"),
        ],
    )
    def test_other_files(self, tmp_path, text, words):
        with pytest.raises(ResultError) as caught:
            load_baseline(write(tmp_path, text))
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_comparison_of_precisions(self, tmp_path):
        path = write(tmp_path, '{"schema": "trtcore/precision-comparison", "version": 1}')
        with pytest.raises(ResultError) as caught:
            load_baseline(path)
        assert str(caught.value) == (
            f"{path}: is a comparison of precisions already, of several profiles: "
            f"'trtcore report {path}' shows it"
        )

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"layer_ms": np.float32([[1, np.nan, 1]])}, "layer 'data_data_0_split' has a time"),
            ({"wall_ms": np.float32([np.inf])}, "wall_ms has a time"),
            ({"gpu_ms": np.float32([1, np.nan])}, "gpu_ms has a time"),
        ],
    )
    def test_times_that_are_no_numbers(self, tmp_path, changes, words):
        profile = parse_caffe_time(GLOG)
        profile = replace(profile, samples=replace(profile.samples, **changes))
        path = write(tmp_path, dump_profile(profile))
        with pytest.raises(ResultError) as caught:
            load_baseline(path)
        assert str(caught.value) == f"{path}: {words} that is not a number"

    def test_nothing_measured(self, tmp_path):
        profile = parse_caffe_time(GLOG)
        samples = replace(profile.samples, layer_ms=np.empty((0, 3), np.float32))
        path = write(tmp_path, dump_profile(replace(profile, samples=samples)))
        with pytest.raises(ResultError, match="the profile has no times to compare"):
            load_baseline(path)

    def test_missing_empty_and_binary(self, tmp_path):
        with pytest.raises(ResultError, match="cannot be read"):
            load_baseline(tmp_path / "none")
        with pytest.raises(ResultError, match="empty"):
            load_baseline(write(tmp_path, ""))
        (tmp_path / "b").write_bytes(b"\xff\xfe\x00\x01")
        with pytest.raises(ResultError, match="is not a text file"):
            load_baseline(tmp_path / "b")

    def test_a_profile_is_no_layer_information(self):
        profile = DATA / "trtexec_profile_googlenet_fp16_b4.json"
        with pytest.raises(ResultError) as error:
            load_baseline(profile, layer_info=profile)
        assert str(error.value) == (
            f"{profile}: is a profile that trtexec --exportProfile wrote; layer_info wants what "
            "trtexec --exportLayerInfo wrote"
        )

    def test_layer_information_without_trtexec(self, tmp_path):
        with pytest.raises(ResultError, match="goes with a profile of trtexec only"):
            load_baseline(write(tmp_path, GLOG), layer_info=write(tmp_path, GLOG))

    @pytest.mark.parametrize("kept", [5000, -20])
    def test_layer_information_that_is_cut_off(self, tmp_path, kept):
        info = write(tmp_path, (DATA / "inspector_googlenet_fp16_b4.json").read_text()[:kept])
        with pytest.raises(ResultError) as caught:
            load_baseline(DATA / "trtexec_profile_googlenet_fp16_b4.json", layer_info=info)
        assert str(caught.value).startswith(f"{info}: engine information is not JSON (")


class TestLoadSeveral:
    """Whose layer information is whose; the two engines differ in their nodes' order."""

    PROFILES = ("a.json", "log.txt", "b.json")

    @pytest.fixture
    def files(self, tmp_path) -> Path:
        (tmp_path / "a.json").write_text(rows_text("k1"))
        (tmp_path / "log.txt").write_text(GLOG)
        (tmp_path / "b.json").write_text(rows_text("k1"))
        for node in ("conv", "pool"):
            layer = {"Name": "k1", "LayerType": "kgen", "Metadata": f"[ONNX Layer: {node}]"}
            (tmp_path / f"{node}.json").write_text(json.dumps({"Layers": [layer]}))
        return tmp_path

    def nodes(self, files: Path, *info: str) -> list[tuple[str, ...]]:
        profiles = load_baselines(
            [files / name for name in self.PROFILES], layer_info=[files / name for name in info]
        )
        return [profile.layers[0].nodes for profile in profiles]

    def test_none(self, files):
        assert self.nodes(files) == [(), ("data",), ()]

    def test_one_for_all(self, files):
        assert self.nodes(files, "conv.json") == [("conv",), ("data",), ("conv",)]

    def test_one_for_each(self, files):
        assert self.nodes(files, "conv.json", "pool.json") == [("conv",), ("data",), ("pool",)]

    def test_neither(self, files):
        with pytest.raises(OptionError) as caught:
            self.nodes(files, "conv.json", "pool.json", "conv.json")
        assert str(caught.value) == (
            "layer_info names 3 files for 2 profiles of trtexec: give one for all of them, or "
            "one for each in their order"
        )
