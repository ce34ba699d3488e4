"""Logs of ``caffe time``: a real one, every form that is known, and damaged ones."""

from __future__ import annotations

import numpy as np
import pytest
from foreign_texts import GLOG
from paths import DATA
from words import texts

from trtcore.errors import ResultError
from trtcore.report.content.facts.method import method_text
from trtcore.result.readers.caffe_time import parse_caffe_time
from trtcore.result.readers.load import load_baseline
from trtcore.result.records.layers import Layer

CAFFE_LAYERS = (
    Layer("data", nodes=("data",)),
    Layer("data_data_0_split", "Split"),
    Layer("conv1", nodes=("conv1",)),
)


class TestCaffeTime:
    def test_glog(self):
        profile = parse_caffe_time(GLOG, "logs/net.log")
        assert profile.layers == CAFFE_LAYERS
        np.testing.assert_allclose(profile.samples.layer_ms, [[0.002, 0.003, 0.446]], rtol=1e-6)
        np.testing.assert_allclose(profile.samples.wall_ms, [0.5])
        assert (profile.backend, profile.model.name) == ("caffe", "net")
        assert profile.counts.measured == 50
        assert method_text(profile) == (
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
        assert texts(profile.warnings) == (
            "its rows add up to 82.03 of 1046.79 ms: part of the log is missing",
        )

    def test_rows_beyond_the_whole_are_not_missing(self):
        text = GLOG.replace("split\tforward: 0.003 ms", "split\tforward: 0.303 ms")
        assert texts(parse_caffe_time(text).warnings) == (
            "its rows add up to 0.75 ms, more than the 0.50 ms of the whole: that total is cut "
            "short, or rows are there twice",
        )

    def test_faults_of_the_timer_are_left_out_and_said(self):
        text = GLOG.replace("forward: 0.002 ms", "forward: 3.68935e+011 ms")
        profile = parse_caffe_time(text)
        assert [layer.name for layer in profile.layers] == ["data_data_0_split", "conv1"]
        assert texts(profile.warnings) == (
            "layer 'data' is left out: 3.68935e+11 ms is not plausible",
        )

    def test_faults_of_the_timer_in_a_log_without_a_total(self):
        text = "input\tforward: 3.68935e+011 ms.\nconv1\tforward: 0.478906 ms.\n"
        profile = parse_caffe_time(text)
        assert [layer.name for layer in profile.layers] == ["conv1"]
        assert texts(profile.warnings)[0] == (
            "layer 'input' is left out: 3.68935e+11 ms is not plausible"
        )

    @pytest.mark.parametrize("value", ["nan", "inf"])
    def test_times_that_are_no_numbers(self, value):
        text = "a\tforward: 1 ms.\nb\tforward: VALUE ms.\n".replace("VALUE", value)
        with pytest.raises(ResultError) as caught:
            parse_caffe_time(text)
        assert str(caught.value) == "caffe time: layer 'b' has a time that is not a number"

    def test_layer_that_is_there_twice(self):
        with pytest.raises(ResultError, match="layer 'conv1' is there twice; keep the log of one"):
            parse_caffe_time(GLOG + GLOG.replace("data", "datum"))

    def test_log_that_ends_before_its_total(self):
        profile = parse_caffe_time(GLOG[: GLOG.index("conv1\tbackward")])
        assert profile.layers == CAFFE_LAYERS
        assert texts(profile.warnings) == (
            "the file has no line 'Average Forward pass': part of the log may be missing",
        )

    def test_backward_only(self):
        with pytest.raises(ResultError, match="no layer times in it"):
            parse_caffe_time("a\tbackward: 1 ms.\n")
