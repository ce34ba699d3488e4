"""Whole nets: every blob against OpenCV's Caffe reader, names and structure against the files."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from caffe_oracles import assert_close, run_cv2, run_onnx
from caffemodel_writer import caffemodel
from random_blobs import random_blobs

from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.caffe.files.prototxt import read_prototxt
from trtcore.models.caffe.importer import load_caffe
from trtcore.models.caffe.net import assemble

NETS = {
    "bvlc_googlenet_deploy": {},
    "squeezenet_v1.1_deploy": {},
    "resnet50_deploy": {},
    "alexnet_narrow": {"storage": "double"},
    "vgg16_narrow_v1": {"v1": True, "legacy": True},
}


def last_layers(prototxt):
    """The blobs that layers write, each with the layer that wrote it last."""
    layers = assemble(read_prototxt(prototxt)).layers
    return {top: layer.name for layer in layers for top in layer.tops if layer.type != "Input"}


# ResNet-50 takes 6 s of CPU, and its kinds of layers are in test_layers.py one by one.
@pytest.mark.parametrize(
    "net",
    [pytest.param(net, marks=pytest.mark.slow if net == "resnet50_deploy" else ()) for net in NETS],
)
def test_every_blob_of_a_whole_net_agrees(net, deploy_files, tmp_path):
    prototxt = deploy_files / f"{net}.prototxt"
    ours, theirs = tmp_path / "ours.caffemodel", tmp_path / "theirs.caffemodel"
    blobs = random_blobs(prototxt)
    ours.write_bytes(caffemodel(blobs, **NETS[net]))
    # OpenCV reads neither doubles nor unpacked values.
    theirs.write_bytes(caffemodel(blobs))
    last = last_layers(prototxt)
    model = load_caffe(prototxt, ours, batch=1, outputs=list(last))
    shape = [dim.dim_value for dim in model.proto.graph.input[0].type.tensor_type.shape.dim]
    feeds = {"data": np.random.default_rng(2).standard_normal(shape).astype(np.float32)}

    found = run_onnx(model.proto, feeds)

    wanted = run_cv2(prototxt, theirs, feeds, last.values())
    for values, reference in zip(found, wanted, strict=True):
        assert_close(values, reference)
    assert model.weights == "file"


@pytest.mark.parametrize("net", NETS)
def test_every_node_has_the_name_of_its_layer(net, deploy_files):
    prototxt = deploy_files / f"{net}.prototxt"
    proto = load_caffe(prototxt, batch=1).proto
    layers = assemble(read_prototxt(prototxt)).layers
    kept = [layer.name for layer in layers if layer.type not in ("Input", "Dropout")]
    names = [node.name for node in proto.graph.node]
    assert [name for name in names if name in set(kept)] == kept
    helpers = [name for name in names if name not in set(kept)]
    assert all(name.rpartition("/")[0] in kept for name in helpers)
    assert len(set(names)) == len(names)
    assert {output for node in proto.graph.node for output in node.output} == set(names)
    onnx.checker.check_model(proto, full_check=True)


def test_googlenet_has_the_nodes_of_the_built_in_one(deploy_files):
    imported = load_caffe(deploy_files / "bvlc_googlenet_deploy.prototxt", batch=4)
    built_in = googlenet(batch=4)
    nodes = [(node.name, node.op_type) for node in built_in.proto.graph.node]
    assert [(node.name, node.op_type) for node in imported.proto.graph.node] == nodes
    measured = json.loads((deploy_files.parent / "googlenet_graph.json").read_text())["nodes"]
    # The recorded graph names the node that Caffe has no layer for in its own way.
    renamed = {"flat": "loss3/classifier/flatten"}
    assert [(renamed.get(node["name"], node["name"]), node["op"]) for node in measured] == nodes
    assert imported.notes == ("left out, no effect at inference: 'pool5/drop_7x7_s1' (Dropout)",)
    assert imported.name == "GoogleNet"
    assert imported.weights == "He-normal, seed 0"


def test_googlenet_has_the_weights_of_the_built_in_one(deploy_files):
    imported = load_caffe(deploy_files / "bvlc_googlenet_deploy.prototxt", seed=3)
    ours = {each.name: each for each in imported.proto.graph.initializer}
    for wanted in googlenet(seed=3).proto.graph.initializer:
        if wanted.name in ours:
            assert onnx.numpy_helper.to_array(wanted).tobytes() == ours[wanted.name].raw_data
    assert sum(np.prod(each.dims) for each in ours.values()) == 6_998_552


def test_same_seed_gives_the_same_file(deploy_files):
    prototxt = deploy_files / "squeezenet_v1.1_deploy.prototxt"
    first, again, other = (load_caffe(prototxt, seed=seed).proto for seed in (1, 1, 2))
    assert first == again
    assert first != other
