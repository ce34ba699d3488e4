"""Reading prototxt text: every way to write it, and what is said when it is not one."""

from __future__ import annotations

import pytest
from google.protobuf import text_format

from trtcore.errors import ModelError
from trtcore.models import memory
from trtcore.models.caffe.files.prototxt import UnknownField, read_prototxt

INPUT = (
    'layer { name: "data" type: "Input" top: "data" '
    "input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n"
)


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "net.prototxt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_prototxt(path)

    return read


def test_every_way_to_write_the_text(read):
    parsed = read(
        """# a comment { with a brace
        name: 'two ' "parts"  # and an end comment "with a quote
        layer: { name: "a#{" type: "Pooling", pooling_param: < pool: 1; kernel_size: 3 > }
        layer [ { name: "b" top: ["x", 'y'] }, { name: "c" bottom: "x" } ]
        layer { lrn_param { alpha: 1e-4 beta: .75 k: 2f } prelu_param { channel_shared: t } }
        """
    )
    net = parsed.net
    assert net.name == "two parts"
    assert [layer.name for layer in net.layer] == ["a#{", "b", "c", ""]
    assert (net.layer[0].pooling_param.pool, net.layer[0].pooling_param.kernel_size) == (1, 3)
    assert list(net.layer[1].top) == ["x", "y"]
    assert net.layer[3].lrn_param.alpha == pytest.approx(1e-4)
    assert (net.layer[3].lrn_param.beta, net.layer[3].lrn_param.k) == (0.75, 2)
    assert net.layer[3].prelu_param.channel_shared
    assert parsed.layer_lines == (3, 4, 4, 5)
    assert parsed.unknown_fields == ()


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b"# \xd6\xd0\xce\xc4\r\n\t"])
def test_byte_order_mark_and_comments_in_any_encoding(read, prefix):
    parsed = read(prefix + INPUT.replace("\n", "\r\n").encode())
    assert parsed.net.layer[0].name == "data"


def test_unknown_fields_are_skipped_and_named_once(read):
    parsed = read(
        """layer { name: "a" type: "Convolution" engine: CAFFE
          convolution_param { num_output: 4 engine: MKL2017 weight_filler { any: 1 thing { } }
            ceil_mode: false ceil_mode: true
            nested { x: [1, 2] y < z: "}" > } kernel_size: 3 } }
        fork: FOO"""
    )
    assert parsed.unknown_fields == (
        UnknownField("ConvolutionParameter", "ceil_mode", 3, 0),
        UnknownField("ConvolutionParameter", "nested", 4, 0),
        UnknownField("NetParameter", "fork", 5),
    )
    assert str(parsed.unknown_fields[0]) == "ConvolutionParameter.ceil_mode (line 3)"
    assert list(parsed.net.layer[0].convolution_param.kernel_size) == [3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            'name: "x"\nlayer {\n  name: "con',
            """, line 3: String missing ending quote: '"con' in 'name: "con'""",
        ),
        ('name: "x"\nlayer {\n  name: "a"\n', """, line 3: Expected "}"."""),
        (INPUT + "hello world", """, line 2: Expected "{". in 'hello world'"""),
        (
            "layer { pooling_param { pool: FOO } }",
            ', line 1: Enum type "trtcore.caffe.PoolingParameter.PoolMethod" has no value named '
            "FOO. in 'layer { pooling_param { pool: FOO } }'",
        ),
        (
            "layer { convolution_param { num_output: -4 } }",
            ", line 1: Value out of range: -4 in 'layer { convolution_param { num_output: -4 } }'",
        ),
        (
            "layer { type: RELU }",
            ", line 1: Expected string but found: 'RELU' in 'layer { type: RELU }'",
        ),
        ("\n" + "a { " * 10_000, ", line 2: nested more than 64 deep"),
        ("layer {" * 10_000 + "}" * 10_000, ", line 1: nested more than 64 deep"),
        ("a: " + "[" * 10_000, ", line 1: Invalid field value: ["),
        (
            b"\n\x09GoogleNet\xa2\x06\x00",
            ": is a binary file, expected a text prototxt (files swapped?)",
        ),
        ("", ": the file is empty"),
    ],
)
def test_what_is_not_a_prototxt_is_refused_in_one_line(read, tmp_path, content, message):
    with pytest.raises(ModelError) as caught:
        read(content)
    assert str(caught.value) == f"{tmp_path / 'net.prototxt'}{message}"


@pytest.mark.parametrize(
    ("message", "name", "layer", "may_change"),
    [
        ("ConvolutionParameter", "torch_pad", 0, True),
        ("ConvolutionParameter", "depth_filler", 0, False),
        ("ConvolutionParameter", "cudnn_math_override", 0, False),
        ("ConvolutionParameter", "conv_algos_override", 0, False),
        ("BatchNormParameter", "momentum", 0, False),
        ("TransformationParameter", "resize_param", 0, False),
        ("LayerParameter", "quantization_param", 0, False),
        ("NetParameter", "fork", None, False),
    ],
)
def test_only_parameters_of_a_layer_change_its_result(message, name, layer, may_change):
    assert UnknownField(message, name, 1, layer).may_change_result is may_change


def test_text_is_read_as_far_as_memory_goes(read, tmp_path, monkeypatch):
    comment = f"# {'x' * 40}\n" * 30_000
    assert len(comment) > 1 << 20
    assert read(INPUT + comment).net.layer[0].name == "data"
    monkeypatch.setattr(memory, "memory_at_hand", lambda: 10 << 20)
    with pytest.raises(ModelError) as caught:
        read(INPUT + comment)
    path = tmp_path / "net.prototxt"
    assert str(caught.value) == f"{path}: reading it takes about 49 MiB, 10 MiB are free"


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (OverflowError("int too large to convert to float"), "int too large to convert to float"),
        (RecursionError("maximum\nrecursion depth"), "maximum recursion depth"),
        (ValueError("x" * 200), f"{'x' * 97}..."),
    ],
)
def test_whatever_else_protobuf_objects_to(read, tmp_path, monkeypatch, problem, said):
    """Its own exceptions differ by release; in none known does a file lead to another one."""

    def parse(*args, **kwargs):
        raise problem

    monkeypatch.setattr(text_format, "Parse", parse)
    with pytest.raises(ModelError) as caught:
        read(INPUT)
    assert str(caught.value) == f"{tmp_path / 'net.prototxt'}: not a Caffe prototxt ({said})"


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(ModelError, match="No such file"):
        read_prototxt(tmp_path / "missing.prototxt")
    with pytest.raises(ModelError, match="is a directory"):
        read_prototxt(tmp_path)
