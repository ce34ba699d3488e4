"""DetectionOutput against OpenCV's and against Caffe's own steps, box by box."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from caffe_detection import by_label, detections, head_feeds, head_text
from caffe_oracles import run_cv2, run_onnx
from caffemodel_writer import caffemodel

from trtcore.errors import ModelError
from trtcore.models.caffe.importer import load_caffe

OPENCV_DIFFERS = (
    "CORNER_SIZE",
    "share_location: false",
    "background_label_id: -1",
    "variance_encoded_in_target",
)
CENTER = "code_type: CENTER_SIZE"


def found_rows(proto, feeds):
    """The rows that boxes fill, and how many there are in all."""
    (rows,) = run_onnx(proto, feeds)
    rows = rows.reshape(-1, 7)
    return rows[rows[:, 0] >= 0], len(rows)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("param", "rows"),
    [
        (f"{CENTER} nms_param {{ nms_threshold: 0.45 top_k: 40 }} keep_top_k: 20", 20),
        (f"{CENTER} nms_param {{ nms_threshold: 0.1 top_k: 10 }} keep_top_k: 30", 30),
        (f"{CENTER} nms_param {{ nms_threshold: 0.6 }} keep_top_k: 5", 5),
        (f"{CENTER} confidence_threshold: 0.4 keep_top_k: 50", 50),
        (f"{CENTER} confidence_threshold: 0.3", 3 * 60),
        (f"{CENTER} variance_encoded_in_target: true keep_top_k: 25", 25),
        ("code_type: CORNER nms_param { nms_threshold: 0.3 } keep_top_k: 40", 40),
        ("code_type: CORNER_SIZE nms_param { nms_threshold: 0.3 } keep_top_k: 40", 40),
        (f"{CENTER} share_location: false keep_top_k: 30", 30),
        (f"{CENTER} background_label_id: -1 keep_top_k: 30", 30),
        (f"{CENTER} background_label_id: 2 share_location: false keep_top_k: 30", 30),
    ],
)
def test_boxes_are_those_of_caffe(write_net, tmp_path, batch, param, rows):
    per_class = "share_location: false" in param
    feeds = head_feeds(batch, priors=60, classes=4, per_class=per_class)
    # OpenCV has no defaults for them.
    defaults = {"share_location": "true", "background_label_id": "0", "keep_top_k": "-1"}
    defaults["nms_param"] = "{ nms_threshold: 0.3 }"
    missing = (f" {name}: {value}" for name, value in defaults.items() if name not in param)
    stated = param + "".join(missing)
    net = write_net(head_text(4, stated), **{name: each.shape for name, each in feeds.items()})
    proto = load_caffe(net).proto
    onnx.checker.check_model(proto, full_check=True)
    found, total = found_rows(proto, feeds)
    wanted = detections(net, feeds)
    assert total == batch * rows
    assert len(wanted) > 3
    np.testing.assert_array_equal(found[:, :2], wanted[:, :2])
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    # Without a keep_top_k OpenCV writes past its output, which can end the process.
    if "keep_top_k" not in param or any(one in param for one in OPENCV_DIFFERS):
        return
    weights = tmp_path / "net.caffemodel"
    weights.write_bytes(caffemodel({"unused": [np.zeros(1)]}))
    theirs = run_cv2(net, weights, feeds, ["it"])[0].reshape(-1, 7)
    np.testing.assert_allclose(found, by_label(theirs[theirs[:, 2] > 0]), atol=1e-4)


def test_no_box_above_the_threshold_leaves_every_row_empty(write_net):
    feeds = head_feeds(2, priors=60, classes=4)
    text = head_text(4, f"{CENTER} confidence_threshold: 1 keep_top_k: 10")
    net = write_net(text, **{name: each.shape for name, each in feeds.items()})
    (rows,) = run_onnx(load_caffe(net).proto, feeds)
    np.testing.assert_array_equal(rows.reshape(-1, 7), [[-1, 0, 0, 0, 0, 0, 0]] * 20)


@pytest.mark.parametrize(
    ("param", "problem"),
    [
        (
            "nms_param { eta: 0.5 }",
            "eta 0.5 of nms_param is not supported, only 1; no layer above can be an output",
        ),
        ("keep_top_k: 0", "keeps no box: num_classes, top_k and keep_top_k must leave one"),
        (
            "share_location: false",
            "takes 1x960, 1x240 and 1x2x240 for 4 classes, got 1x240, 1x240 and 1x2x240",
        ),
    ],
)
def test_head_is_refused(write_net, param, problem):
    shapes = {name: each.shape for name, each in head_feeds(1, priors=60, classes=4).items()}
    net = write_net(head_text(4, param), **shapes)
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    assert str(caught.value) == f"{net}: layer 'it' (DetectionOutput, line 4): {problem}"
