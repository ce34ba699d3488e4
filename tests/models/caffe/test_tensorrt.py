"""TensorRT-RTX's own parser takes every layer and every real net, with Caffe's sizes."""

from __future__ import annotations

import pytest
from caffe_cases import net_text
from caffe_fork_cases import EVERY_CASE
from enet_net import enet
from ssd_nets import mobilenet_ssd, vgg_ssd

from trtcore.models.caffe.importer import load_caffe

trt = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")


@pytest.fixture(scope="module")
def parse():
    logger = trt.Logger(trt.Logger.INTERNAL_ERROR)
    builder = trt.Builder(logger)

    def parse(proto):
        """Shapes of the outputs of the network."""
        network = builder.create_network(0)
        parser = trt.OnnxParser(network, logger)
        is_parsed = parser.parse(proto.SerializeToString())
        assert is_parsed, [parser.get_error(i).desc() for i in range(parser.num_errors)]
        return [tuple(network.get_output(i).shape) for i in range(network.num_outputs)]

    return parse


def output_shapes(proto):
    return [
        tuple(dim.dim_value for dim in output.type.tensor_type.shape.dim)
        for output in proto.graph.output
    ]


@pytest.mark.parametrize("case", EVERY_CASE, ids=str)
def test_layer_is_parsed_with_its_size(case, write_net, parse):
    inputs = {f"in{i}": shape for i, shape in enumerate(case.bottoms)}
    text, tops = net_text(case, inputs)
    proto = load_caffe(write_net(text, **inputs), outputs=tops).proto
    assert parse(proto) == output_shapes(proto)


@pytest.mark.parametrize(
    "net",
    [
        "bvlc_googlenet_deploy",
        "squeezenet_v1.1_deploy",
        "resnet50_deploy",
        "alexnet_narrow",
        "vgg16_narrow_v1",
    ],
)
def test_net_is_parsed_with_its_size(net, deploy_files, parse):
    proto = load_caffe(deploy_files / f"{net}.prototxt", batch=4).proto
    assert parse(proto) == output_shapes(proto)


@pytest.mark.parametrize(
    "text",
    [mobilenet_ssd(width=0.25), vgg_ssd(width=1 / 8), enet(32, 48)],
    ids=["mobilenet_ssd", "vgg_ssd", "enet"],
)
def test_detector_is_parsed_with_its_size(text, tmp_path, parse):
    net = tmp_path / "net.prototxt"
    net.write_text(text)
    proto = load_caffe(net, batch=2).proto
    assert parse(proto) == output_shapes(proto)
