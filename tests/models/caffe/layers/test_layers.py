"""Every supported layer against OpenCV's own Caffe reader and against Caffe's definitions."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from caffe_cases import net_text
from caffe_fork_cases import EVERY_CASE
from caffe_oracles import assert_close, drawn, run_cv2, run_numpy, run_onnx
from caffemodel_writer import caffemodel

from trtcore.models.caffe.importer import load_caffe
from trtcore.models.caffe.layers import CONVERTERS
from trtcore.models.caffe.layers.sources import CONVERTERS as SOURCES


@pytest.mark.parametrize("case", EVERY_CASE, ids=str)
def test_layer_computes_what_caffe_does(case, write_net, tmp_path):
    rng = np.random.default_rng(1)
    feeds = {f"in{i}": drawn(rng, shape, case.is_positive) for i, shape in enumerate(case.bottoms)}
    text, tops = net_text(case, feeds)
    net = write_net(text, **{name: values.shape for name, values in feeds.items()})
    blobs = {"it": [drawn(rng, shape, True) for shape in case.blobs]}
    weights = tmp_path / "net.caffemodel"
    weights.write_bytes(caffemodel({**blobs, "unused": [np.zeros(1)]}))

    proto = load_caffe(net, weights, outputs=tops).proto

    onnx.checker.check_model(proto, full_check=True)
    read = {value.name for value in proto.graph.input}
    found = run_onnx(proto, {name: feeds[name] for name in read})
    wanted = run_numpy(net, blobs, feeds)
    for top, values in zip(tops, found, strict=True):
        assert_close(values, wanted[top])
    if not case.cv2_departs:
        assert_close(found[0], run_cv2(net, weights, feeds, ["it"])[0])
    assert all(node.name.startswith("it") for node in proto.graph.node)
    assert proto.graph.node[-1].name == "it"


@pytest.mark.parametrize(
    "layer",
    [
        'type: "Dropout" dropout_param { dropout_ratio: 0.4 }',
        'type: "Split"',
        'type: "Concat"',
        'type: "Slice"',
        'type: "Power"',
    ],
)
def test_layer_that_does_nothing_is_left_out_and_noted(layer, write_net):
    net = write_net(
        f"""layer {{ name: "before" type: "AbsVal" bottom: "in" top: "a" }}
        layer {{ name: "it" {layer} bottom: "a" top: "b" }}
        layer {{ name: "after" type: "TanH" bottom: "b" top: "c" }}""",
        **{"in": (1, 2, 3, 3)},
    )
    model = load_caffe(net)
    assert [(node.name, node.op_type) for node in model.proto.graph.node] == [
        ("before", "Abs"),
        ("after", "Tanh"),
    ]
    kind = layer.split('"')[1]
    assert model.notes == (f"left out, no effect at inference: 'it' ({kind})",)
    feeds = {"in": np.full((1, 2, 3, 3), -2, np.float32)}
    np.testing.assert_allclose(run_onnx(model.proto, feeds)[0], np.tanh(2), rtol=1e-6)


def test_every_supported_type_has_a_case():
    types = {str(case).split()[1] for case in EVERY_CASE}
    # Sources: test_rules.py and test_sources.py. The others have tests of their names.
    elsewhere = {*SOURCES, "ContinuationIndicator", "Upsample", "DetectionOutput"}
    assert types | elsewhere | {"Dropout", "Split", "Silence"} == set(CONVERTERS)
