"""Files that a profile is compared with: whose they are, and what is none of them."""

from __future__ import annotations

import gzip
import json
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from foreign_texts import GLOG, rows_text
from paths import DATA

from trtcore.errors import OptionError, ResultError
from trtcore.result.readers.caffe_time import parse_caffe_time
from trtcore.result.readers.load import load_baseline, load_baselines
from trtcore.result.saved import dump_profile


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "file.txt"
    path.write_text(text)
    return path


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
                "file.txt: is not a saved trtcore result, a profile exported by trtexec, a trtexec "
                "--dumpProfile log, a profile of ONNX Runtime, a PyTorch profiler trace, trtexec's "
                "--exportTimes, a TensorRT-RTX provider trace, Nsight's cuda_gpu_kern_sum, a caffe "
                "time log or the old sample's table",
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
        if text == "hello\n":
            assert str(caught.value) == f"{tmp_path}/{words}"
            assert len(words) < 300

    def test_comparison_of_precisions(self, tmp_path):
        path = write(tmp_path, '{"schema": "trtcore/precision-comparison", "version": 1}')
        with pytest.raises(ResultError) as caught:
            load_baseline(path)
        assert str(caught.value) == (
            f"{path}: is a comparison of precisions, which holds several profiles: "
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
        (tmp_path / "b").write_bytes(b"\x80\xfe\x00\x01")
        with pytest.raises(ResultError, match="is not a text file"):
            load_baseline(tmp_path / "b")

    def test_a_log_in_another_encoding(self, tmp_path):
        path = tmp_path / "log.txt"
        path.write_bytes("Gerät: Küche\n".encode("latin-1") + GLOG.encode())
        assert load_baseline(path).layers == parse_caffe_time(GLOG).layers

    @pytest.mark.parametrize(
        ("start", "name"),
        [
            (gzip.compress(GLOG.encode()), "gzip"),
            (lzma.compress(GLOG.encode()), "xz"),
            (b"PK\x03\x04\x14\xff", "zip"),
            (b"\x28\xb5\x2f\xfd\xff", "zstd"),
        ],
    )
    def test_a_packed_file_is_named(self, tmp_path, start, name):
        path = tmp_path / "log.txt.gz"
        path.write_bytes(start)
        with pytest.raises(ResultError) as caught:
            load_baseline(path)
        assert str(caught.value) == f"{path}: is packed by {name}: unpack it"

    def test_a_profile_is_no_layer_information(self):
        profile = DATA / "trtexec_profile_googlenet_fp16_b4.json"
        with pytest.raises(ResultError) as error:
            load_baseline(profile, layer_info=profile)
        assert str(error.value) == (
            f"{profile}: is a profile that trtexec --exportProfile wrote; layer_info expects the "
            "output of trtexec --exportLayerInfo"
        )

    def test_layer_information_without_trtexec(self, tmp_path):
        path = write(tmp_path, GLOG)
        with pytest.raises(ResultError) as error:
            load_baseline(path, layer_info=path)
        assert str(error.value) == f"{path}: layer information only applies to a trtexec profile"

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
            "layer_info names 3 files for 2 trtexec profiles: give one for all of them, or "
            "one for each in their order"
        )
