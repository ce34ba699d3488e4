"""The files that README and docs/ speak of, as their reader is said to have them."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from networks import measured_with_work
from onnx import numpy_helper, parser
from paths import DATA

import trtcore
from trtcore.report.export.trtexec import export_layer_info, export_profile

sys.path.insert(0, str(Path(__file__).parent / "models" / "caffe"))
from caffemodel_writer import caffemodel

NET = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[N,3,16,16] x) => (float[N,4,14,14] y) <float[4,3,3,3] w> {
  [conv1] c = Conv (x, w)
  [relu1] y = Relu (c)
}
"""
# Inputs that are called as those of exported transformers.
BERT = """
<ir_version: 8, opset_import: ["" : 17]>
bert (int64[N,S] ids, int64[N,S] mask) => (float[N,S] y) {
  [mul] m = Mul (ids, mask)
  [cast] y = Cast <to = 1> (m)
}
"""
DEPLOY = """
name: "net"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 16 dim: 16 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
"""
# `caffe time` of the same net.
CAFFE_TIME = """\
Average time per layer:
      data\tforward: 0.001 ms.
     conv1\tforward: 0.120 ms.
     relu1\tforward: 0.010 ms.
Average Forward pass: 0.135 ms.
"""


def write_models(folder: Path) -> None:
    """Two ONNX files and a Caffe net, all small."""
    weights = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
    net = parser.parse_model(NET)
    net.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    net.graph.ClearField("value_info")
    onnx.save(net, folder / "net.onnx")
    onnx.save(parser.parse_model(BERT), folder / "bert.onnx")
    (folder / "deploy.prototxt").write_text(DEPLOY)
    blobs = {"conv1": [weights, np.zeros(4, np.float32)]}
    (folder / "net.caffemodel").write_bytes(caffemodel(blobs))
    (folder / "caffe_time.log").write_text(CAFFE_TIME)


def write_googlenet(folder: Path) -> None:
    """BVLC's deploy file with weights of their shapes, a log of `caffe time`, an old table."""
    shutil.copy(DATA / "caffe" / "bvlc_googlenet_deploy.prototxt", folder / "deploy.prototxt")
    graph = trtcore.load_caffe(folder / "deploy.prototxt").proto.graph
    blobs: dict[str, list[np.ndarray]] = {}
    for tensor in graph.initializer:
        layer, _, kind = tensor.name.rpartition("_")
        if kind in ("w", "b"):
            blobs.setdefault(layer, []).append(numpy_helper.to_array(tensor))
    (folder / "bvlc_googlenet.caffemodel").write_bytes(caffemodel(blobs))
    shutil.copy(DATA / "caffe_time_googlenet_b4.txt", folder / "caffe_time.log")
    shutil.copy(DATA / "sample_googlenet_1080ti_b4.txt", folder / "sample_googlenet.txt")


def write_results(folder: Path) -> None:
    """Saved results: ViT on an H200, and of the small net also as trtexec would write it."""
    trtcore.save_profile(measured_with_work("vit_b_16"), folder / "vit.json")
    profile = trtcore.profile_model(folder / "net.onnx", backend="onnxruntime", iterations=200)
    both = trtcore.compare_precisions(
        folder / "net.onnx", "fp32,fp16", backend="onnxruntime", iterations=20
    )
    trtcore.save_precisions(both, folder / "precisions.json")
    (folder / "results").mkdir()
    for day, name in enumerate(("old", "results/1", "main", "net", "onnxruntime", "new"), start=1):
        # Of several days, as a history takes one file for one run.
        measured = replace(profile.environment, date=f"2026-11-0{day}T12:00:00+00:00")
        trtcore.save_profile(replace(profile, environment=measured), folder / f"{name}.json")
    for name in ("", "old_", "new_"):
        (folder / f"{name}trtexec.json").write_text(export_profile(profile))
        (folder / f"{name}layers.json").write_text(export_layer_info(profile))
