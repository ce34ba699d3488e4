"""SSD on MobileNet and VGG-16, and an ENet: whole nets, from prototxt and weights to outputs."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from caffe_detection import by_label
from caffe_oracles import assert_close, run_cv2, run_numpy, run_onnx
from caffemodel_writer import caffemodel
from enet_net import enet
from random_blobs import random_blobs
from ssd_nets import mobilenet_ssd, vgg_ssd

from trtcore.models.caffe.importer import load_caffe

# MobileNet at a quarter of its width, VGG-16 at an eighth: the structure whole, in a second of CPU.
DETECTORS = {"mobilenet_ssd": mobilenet_ssd(width=0.25), "vgg_ssd": vgg_ssd(width=1 / 8)}
FULL = {"mobilenet_ssd_full": mobilenet_ssd(), "vgg_ssd_full": vgg_ssd()}
BEFORE = ["mbox_loc", "mbox_conf_flatten", "mbox_priorbox"]


def files_of(tmp_path, text):
    """A prototxt and its weights, and the blobs."""
    prototxt, weights = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    prototxt.write_text(text)
    blobs = random_blobs(prototxt)
    weights.write_bytes(caffemodel(blobs))
    return prototxt, weights, blobs


def image(*shape):
    return {"data": np.random.default_rng(2).standard_normal(shape).astype(np.float32)}


@pytest.mark.parametrize(
    "name", [*DETECTORS, *(pytest.param(name, marks=pytest.mark.slow) for name in FULL)]
)
def test_detector_finds_the_boxes_of_opencv(name, tmp_path):
    prototxt, weights, _ = files_of(tmp_path, {**DETECTORS, **FULL}[name])
    model = load_caffe(prototxt, weights, outputs=[*BEFORE, "detection_out"])
    onnx.checker.check_model(model.proto, full_check=True)
    feeds = image(1, 3, 300, 300)
    *found, rows = run_onnx(model.proto, feeds)
    *wanted, theirs = run_cv2(prototxt, weights, feeds, [*BEFORE, "detection_out"])
    for values, reference in zip(found, wanted, strict=True):
        assert_close(values, reference.reshape(values.shape))
    assert rows.shape == (1, 1, 200, 7)
    boxes = rows.reshape(-1, 7)
    boxes, theirs = boxes[boxes[:, 0] >= 0], by_label(theirs.reshape(-1, 7))
    assert len(boxes) > 20
    np.testing.assert_array_equal(boxes[:, 1], theirs[:, 1])
    np.testing.assert_allclose(boxes, theirs, atol=1e-4)
    (note,) = model.notes
    assert note.endswith(
        "TensorRT-RTX (1.7) builds no NonMaxSuppression; end above it with "
        "outputs=['mbox_loc', 'mbox_conf_flatten']"
    )


def test_enet_agrees_with_its_definition(tmp_path):
    prototxt, weights, blobs = files_of(tmp_path, enet(32, 48))
    model = load_caffe(prototxt, weights)
    onnx.checker.check_model(model.proto, full_check=True)
    feeds = image(1, 3, 32, 48)
    (found,) = run_onnx(model.proto, feeds)
    assert found.shape == (1, 5, 32, 48)
    assert_close(found, run_numpy(prototxt, blobs, feeds)["fullconv"])


def test_encoder_of_enet_agrees_with_opencv(tmp_path):
    text = enet(32, 48, norm="BatchNorm", has_decoder=False)
    prototxt, weights, _ = files_of(tmp_path, text)
    proto = load_caffe(prototxt, weights, outputs=["b2_7"]).proto
    feeds = image(1, 3, 32, 48)
    (wanted,) = run_cv2(prototxt, weights, feeds, ["b2_7_prelu"])
    assert_close(run_onnx(proto, feeds)[0], wanted)
