"""Where a net is cut, and what its report says."""

from __future__ import annotations

import numpy as np
import pytest
from caffe_oracles import run_onnx

from trtcore.errors import ModelError
from trtcore.models.caffe.importer import load_caffe


def layer(kind, name, bottoms, rest="", tops=None):
    blobs = "".join(f' bottom: "{blob}"' for blob in bottoms)
    blobs += "".join(f' top: "{blob}"' for blob in tops or [name])
    return f'layer {{ name: "{name}" type: "{kind}"{blobs} {rest} }}\n'


def conv(name, bottom, outs=4, tops=None):
    return layer(
        "Convolution",
        name,
        [bottom],
        f"convolution_param {{ num_output: {outs} kernel_size: 3 pad: 1 }}",
        tops,
    )


# Faster R-CNN in small: the backbone, the proposals, and the head behind them.
DETECTOR = (
    conv("conv5", "data")
    + layer("ReLU", "relu5", ["conv5"], tops=["conv5"])
    + conv("rpn_conv", "conv5")
    + conv("rpn_cls_score", "rpn_conv", 6)
    + conv("rpn_bbox_pred", "rpn_conv", 12)
    + layer("Softmax", "rpn_cls_prob", ["rpn_cls_score"])
    + layer("Python", "proposal", ["rpn_cls_prob", "rpn_bbox_pred", "im_info"], tops=["rois"])
    + layer("ROIPooling", "roi_pool5", ["conv5", "rois"])
    + layer("InnerProduct", "fc6", ["roi_pool5"], "inner_product_param { num_output: 3 }")
    + layer("Softmax", "cls_prob", ["fc6"])
)


def outputs(model):
    return [output.name for output in model.proto.graph.output]


def test_backbone_is_what_is_left(write_net):
    net = write_net(DETECTOR, data=(1, 3, 8, 8), im_info=(1, 3))
    model = load_caffe(net, cut_unsupported=True)
    assert outputs(model) == ["rpn_bbox_pred", "rpn_cls_prob"]
    assert model.notes == (
        "cut: 2 layer types are not supported: 1 Python ('proposal', line 9), 1 ROIPooling "
        "('roi_pool5', line 10), and 2 layers behind them; the outputs are 'rpn_bbox_pred', "
        "'rpn_cls_prob'",
        "left out, not needed by any output: 'im_info', 'proposal', 'roi_pool5', 'fc6', 'cls_prob'",
    )
    found = run_onnx(model.proto, {"data": np.ones((1, 3, 8, 8), np.float32)})
    assert [values.shape for values in found] == [(1, 12, 8, 8), (1, 6, 8, 8)]


def test_outputs_that_were_asked_for_stay(write_net):
    net = write_net(DETECTOR, data=(1, 3, 8, 8), im_info=(1, 3))
    model = load_caffe(net, outputs=["conv5", "cls_prob"], cut_unsupported=True)
    assert outputs(model) == ["relu5", "rpn_bbox_pred", "rpn_cls_prob"]


def test_last_state_of_a_blob_that_only_lost_layers_read(write_net):
    text = DETECTOR.split('layer { name: "rpn_conv"')[0]
    net = write_net(text + layer("ROIAlign", "roi", ["conv5"]), data=(1, 3, 8, 8))
    with pytest.raises(ModelError, match=r"cut above with outputs=\['conv5'\], or cut_unsupp"):
        load_caffe(net)
    assert outputs(load_caffe(net, cut_unsupported=True)) == ["relu5"]


def test_nothing_is_cut_where_everything_is_supported(write_net):
    net = write_net(conv("a", "data"), data=(1, 3, 8, 8))
    assert load_caffe(net, cut_unsupported=True).notes == load_caffe(net).notes == ()


def test_wrong_layers_are_not_cut_away(write_net):
    text = conv("a", "data") + layer("LRN", "n", ["a"], "lrn_param { local_size: 4 }")
    net = write_net(text + layer("Python", "p", ["n"]), data=(1, 3, 8, 8))
    with pytest.raises(
        ModelError, match=r"layer 'n' \(LRN, line 3\): local_size is 4, must be odd"
    ):
        load_caffe(net, cut_unsupported=True)


def test_nothing_to_cut_above(write_net):
    net = write_net(layer("Python", "p", ["data"]), data=(1, 3, 8, 8))
    with pytest.raises(ModelError) as caught:
        load_caffe(net, cut_unsupported=True)
    assert str(caught.value) == (
        f"{net}: layer 'p' (Python, line 2): this layer type is not supported; "
        "no layer above can be an output"
    )


def test_silenced_branches_need_no_support(write_net):
    text = conv("a", "data") + layer("Python", "p", ["a"])
    text += 'layer { name: "quiet" type: "Silence" bottom: "p" }\n' + conv("b", "a")
    model = load_caffe(write_net(text, data=(1, 3, 8, 8)))
    assert outputs(model) == ["b"]
