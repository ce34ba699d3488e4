"""Mutated files never bring anything but a ModelError of one line, or a model."""

from __future__ import annotations

import numpy as np
import pytest
from caffemodel_writer import caffemodel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trtcore.errors import ModelError
from trtcore.models.caffe import weights
from trtcore.models.caffe.importer import load_caffe

NET = b"""name: "n" # comment
input: "in" input_shape { dim: 1 dim: 4 dim: 6 dim: 6 }
layer { name: "c" type: "Convolution" bottom: "in" top: "c" param { name: "w" lr_mult: 1 }
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 1 group: 2 dilation: 1 } }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" relu_param { negative_slope: .5 } }
layer { name: "p" type: "Pooling" bottom: "c" top: "p"
  pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 } }
layer { name: "bn" type: "BatchNorm" bottom: "p" top: "bn" batch_norm_param { eps: 1e-3 } }
layer { name: "sc" type: "Scale" bottom: "bn" top: "sc" scale_param { axis: 1 bias_term: true } }
layer { name: "n" type: "LRN" bottom: "sc" top: "n" lrn_param { local_size: 3 alpha: 2 k: 1 } }
layer { name: "s" type: "Slice" bottom: "n" top: "s1" top: "s2" slice_param { slice_point: 2 } }
layer { name: "e" type: "Eltwise" bottom: "s1" bottom: "s2" top: "e"
  eltwise_param { operation: SUM coeff: 1 coeff: -2 } }
layer { name: "cc" type: "Concat" bottom: "e" bottom: "s1" top: "cc" concat_param { axis: -1 } }
layer { name: "cr" type: "Crop" bottom: "cc" bottom: "e" top: "cr" crop_param { offset: 0 } }
layer { name: "rs" type: "Reshape" bottom: "cr" top: "rs"
  reshape_param { shape { dim: 0 dim: -1 } axis: 0 num_axes: -1 } }
layer { name: "pw" type: "Power" bottom: "rs" top: "pw" power_param { power: 2 shift: 1 } }
layer { name: "fc" type: "InnerProduct" bottom: "pw" top: "fc"
  inner_product_param { num_output: 5 axis: 1 } }
layer { name: "sm" type: "Softmax" bottom: "fc" top: "sm" include { phase: TEST } }
layer { name: "am" type: "ArgMax" bottom: "sm" top: "am" argmax_param { top_k: 2 axis: 1 } }
"""
BLOBS = {
    "c": [np.ones((4, 2, 3, 3)), np.ones(4)],
    "bn": [np.ones(4), np.ones(4), np.ones(1)],
    "sc": [np.ones(4), np.ones(4)],
    "fc": [np.ones((5, 32)), np.ones(5)],
}
WORDS = [
    *(b"0", b"-1", b"1", b"-9", b"3000000000", b"99999999999999999999", b"nan", b"-inf", b"1e30"),
    *(
        b"{",
        b"}",
        b"<",
        b">",
        b"[",
        b"]",
        b":",
        b'"',
        b"\\",
        b"#",
        b"\n",
        b"\0",
        b"\xff",
        b"'",
        b"\\n",
    ),
    *(b"axis: 7", b'bottom: "c"', b'top: "in"', b"layers {", b"global_pooling: true", b"TRAIN"),
    *(
        b'type: "Deconvolution"',
        b'type: "Permute"',
        b'type: "Tile"',
        b'type: "MVN"',
        b"kernel_h: 2",
    ),
]


@st.composite
def mutated(draw, content):
    """The content with a few pieces cut, doubled or overwritten."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 12)))
        piece = draw(
            st.one_of(
                st.sampled_from(WORDS),
                st.binary(max_size=6),
                st.just(content[start : end + 40]),
            )
        )
        content = content[:start] + piece + content[end:]
    return content


def load(tmp_path, net, model):
    """Loads; whatever is refused must be refused in one line of reasonable length."""
    paths = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    for path, content in zip(paths, (net, model), strict=True):
        path.write_bytes(content or b"")
    try:
        load_caffe(paths[0], paths[1] if model is not None else None)
    except ModelError as problem:
        message = str(problem)
        assert message.startswith((str(paths[0]), str(paths[1])))
        assert message.isprintable()
        assert len(message) < 4000


FUZZ = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
LONG = settings(FUZZ, max_examples=500)


@pytest.fixture(autouse=True)
def _small_nets_only(monkeypatch):
    # A mutated size within the real limit is a legal net of a gigabyte; it needs no memory here.
    monkeypatch.setattr(weights, "memory_at_hand", lambda: 1 << 23)


def test_the_net_to_mutate_is_sound(tmp_path):
    load(tmp_path, NET, caffemodel(BLOBS))
    paths = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    assert len(load_caffe(*paths).proto.graph.node) > 15


def mutated_prototxt(tmp_path, net):
    load(tmp_path, net, None)


def mutated_caffemodel(tmp_path, model):
    load(tmp_path, NET, model)


def arbitrary_bytes(tmp_path, net, model):
    load(tmp_path, net, model)
    load(tmp_path, NET, model)


NETS = given(net=mutated(NET))
MODELS = given(model=mutated(caffemodel(BLOBS)))
BYTES = given(net=st.binary(max_size=60), model=st.binary(max_size=60))

test_mutated_prototxt = FUZZ(NETS(mutated_prototxt))
test_mutated_caffemodel = FUZZ(MODELS(mutated_caffemodel))
test_arbitrary_bytes = FUZZ(BYTES(arbitrary_bytes))
test_many_mutated_prototxts = pytest.mark.slow(LONG(NETS(mutated_prototxt)))
test_many_mutated_caffemodels = pytest.mark.slow(LONG(MODELS(mutated_caffemodel)))
test_many_arbitrary_bytes = pytest.mark.slow(LONG(BYTES(arbitrary_bytes)))
