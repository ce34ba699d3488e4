"""Vectorised I/O formats: where each element lies, how much memory, and what can have them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import DATA
from words import texts

from trtcore.cli.api_options import parse_io_formats
from trtcore.engine.io_formats import (
    check_engine_formats,
    check_io_formats,
    half2_formats,
    pack,
    storage_bytes,
    storage_shape,
    unpack,
)
from trtcore.errors import OptionError, PrecisionError
from trtcore.result.io_formats import FORMATS
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.records.layers import TensorInfo
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

IMAGE = TensorInfo("data", (4, 3, 224, 224), "Half")
PROB = TensorInfo("prob", (4, 1000), "Half")
VECTORISED = [word for word in FORMATS if word != "linear"]


def offset(word: str, shape: tuple[int, ...], index: tuple[int, ...]) -> int:
    """Where TensorRT's documentation of the formats puts element (n, c, h, w)."""
    (_, channels, height, width), (n, c, h, w) = shape, index
    lanes = int(word[3:])
    groups = (channels + lanes - 1) // lanes
    if word == "hwc8":
        return ((n * height + h) * width + w) * groups * lanes + c
    return (((n * groups + c // lanes) * height + h) * width + w) * lanes + c % lanes


@pytest.mark.parametrize("word", VECTORISED)
@pytest.mark.parametrize("shape", [(1, 2, 1, 1), (2, 3, 4, 5), (3, 1, 2, 2), (1, 33, 2, 3)])
def test_every_element_lies_where_it_should(word: str, shape: tuple[int, ...]) -> None:
    values = np.arange(1, 1 + np.prod(shape), dtype=np.float16).reshape(shape)
    memory = pack(values, word).ravel()
    expected = np.zeros_like(memory)
    for index in itertools.product(*map(range, shape)):
        expected[offset(word, shape, index)] = values[index]
    np.testing.assert_array_equal(memory, expected)
    assert memory.nbytes == storage_bytes(shape, "Half", word)
    np.testing.assert_array_equal(unpack(memory, shape, word), values)


def test_chw2_of_three_channels_by_hand() -> None:
    values = np.array([[[1, 2]], [[3, 4]], [[5, 6]]], np.float16)
    packed = pack(values, "chw2")
    assert packed.shape == storage_shape((3, 1, 2), "chw2") == (2, 1, 2, 2)
    assert packed.ravel().tolist() == [1, 3, 2, 4, 5, 0, 6, 0]


@given(
    word=st.sampled_from(list(FORMATS)),
    shape=st.lists(st.integers(1, 9), min_size=3, max_size=5),
    dtype=st.sampled_from([np.float16, np.float32, np.int8, np.uint16]),
)
def test_unpack_is_the_inverse_of_pack(word: str, shape: list[int], dtype: type) -> None:
    values = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    packed = pack(values, word)
    assert packed.flags.c_contiguous
    assert packed.shape == storage_shape(shape, word)
    np.testing.assert_array_equal(unpack(packed, shape, word), values)
    assert packed.astype(np.int64).sum() == values.astype(np.int64).sum(), "padding is zero"


def test_linear_is_the_array_itself() -> None:
    values = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(pack(values, "linear"), values)
    assert storage_bytes((2, 3), "Int64", "linear") == 48


def test_half2_takes_16_bit_images() -> None:
    assert half2_formats([IMAGE, PROB]) == {"data": "chw2"}
    brain = TensorInfo("x", (1, 8, 4, 4), "bfloat16")
    for backend in ("tensorrt", "tensorrt_rtx"):
        assert half2_formats([IMAGE, brain], backend) == {"data": "chw2", "x": "chw2"}


@pytest.mark.parametrize("shape", [(8, 4, 4), (1, 2, 8, 4, 4)])
def test_half2_takes_three_dimensions_or_more_but_with_tensorrt_rtx(shape: tuple[int, ...]) -> None:
    tensors = [TensorInfo("x", shape, "Half"), IMAGE]
    assert half2_formats(tensors, "tensorrt") == {"x": "chw2", "data": "chw2"}
    assert half2_formats(tensors, "tensorrt_rtx") == {"data": "chw2"}


def test_half2_with_nothing_to_vectorise() -> None:
    tensors = [
        TensorInfo("tokens", (1, 128), "Int64"),
        TensorInfo("hidden", (1, 128, 64), "Half"),
        PROB,
    ]
    with pytest.raises(PrecisionError) as error:
        half2_formats(tensors, "tensorrt_rtx")
    assert str(error.value) == (
        "half2 has no input or output to vectorise:"
        " 'tokens' is int64, chw2 is for float16, bfloat16;"
        " 'hidden' has 3 dimensions, TensorRT-RTX has chw2 for 4 only;"
        " 'prob' has 2 dimensions, chw2 needs 3 or more: use fp16"
    )
    with pytest.raises(PrecisionError, match="'prob' has 2 dimensions, chw2 needs 3 or more"):
        half2_formats([PROB], "tensorrt")


def test_parse() -> None:
    assert parse_io_formats(["data:chw2,a:b:HWC8", "prob:linear"]) == {
        "data": "chw2",
        "a:b": "hwc8",
        "prob": "linear",
    }
    assert parse_io_formats([]) == {}


@pytest.mark.parametrize("text", ["data", "data:", ":chw2", "data:chw3", "data=chw2"])
def test_parse_refuses(text: str) -> None:
    with pytest.raises(OptionError) as error:
        parse_io_formats([text])
    assert str(error.value) == (
        f"--io-format '{text}' is not of the form name:linear|chw2|hwc8|chw4|chw16|chw32"
    )
    with pytest.raises(OptionError, match="names 'x' twice"):
        parse_io_formats(["x:chw2", "x:linear"])


@pytest.mark.parametrize(
    ("formats", "message"),
    [
        ({"image": "chw2"}, "io_formats names 'image', the inputs and outputs are 'data', 'prob'"),
        (
            {"prob": "chw2"},
            "io_formats={'prob': 'chw2'}: 'prob' has 2 dimensions, chw2 needs 3 or more",
        ),
        (
            {"data": "chw16", "prob": "linear"},
            "io_formats={'data': 'chw16'}: 'data' is float32, chw16 is for float16",
        ),
    ],
)
def test_check_against_the_network(formats: dict[str, str], message: str) -> None:
    image = TensorInfo("data", (4, 3, 224, 224), "float32")
    with pytest.raises(OptionError) as error:
        check_io_formats(formats, [image, PROB])
    assert str(error.value) == message


RELEASES_WITHOUT_CHW16 = [
    ("tensorrt", "10.12.0.36", "TensorRT 10.12.0.36"),
    ("tensorrt", "11.4.0.106", "TensorRT 11.4.0.106"),
    ("tensorrt_rtx", "1.6.1.120", "TensorRT-RTX 1.6.1.120"),
]


@pytest.mark.parametrize(("backend", "version", "label"), RELEASES_WITHOUT_CHW16)
def test_chw16_is_refused_where_it_is_for_the_dla(backend: str, version: str, label: str) -> None:
    with pytest.raises(OptionError) as error:
        check_io_formats({"data": "chw16"}, [IMAGE], backend, version)
    assert str(error.value) == (
        f"io_formats={{'data': 'chw16'}}: {label} has chw16 for the DLA only, not for a GPU"
    )


def test_chw16_is_left_to_older_releases() -> None:
    for version in ("10.0.1", "10.11.0.33"):
        check_io_formats({"data": "chw16"}, [IMAGE], "tensorrt", version)


def test_no_release_has_chw4_for_bfloat16() -> None:
    image = TensorInfo("data", (4, 3, 8, 8), "bfloat16")
    with pytest.raises(OptionError) as error:
        check_io_formats({"data": "chw4"}, [image], "tensorrt", "11.4.0")
    assert str(error.value) == (
        "io_formats={'data': 'chw4'}: 'data' is bfloat16, chw4 is for float16, int8"
    )


def test_check_accepts() -> None:
    check_io_formats({"data": "chw2", "prob": "linear"}, [IMAGE, PROB])


def test_check_against_the_engine() -> None:
    engine = [TensorInfo("data", (4, 3, 8, 8), "Half", "chw2"), PROB]
    assert check_engine_formats({"data": "chw2", "prob": "linear"}, engine) is None
    for word, found in (("hwc8", "chw2"), ("chw2", "Unknown format")):
        tensor = TensorInfo("data", (4, 3, 8, 8), "Half", found)
        with pytest.raises(PrecisionError) as error:
            check_engine_formats({"data": word}, [tensor, PROB])
        assert str(error.value) == f"requested format data:{word}, but the engine has {found}"


@pytest.mark.parametrize("io", [[TensorInfo("data", (4, 3, 8, 8), "", ""), PROB], [PROB]])
def test_a_format_that_the_engine_does_not_tell_is_not_confirmed(io: list[TensorInfo]) -> None:
    unconfirmed = check_engine_formats({"data": "chw2", "prob": "linear"}, io)
    assert unconfirmed == RunWarning(WarningKind.FORMAT_UNCONFIRMED, names=("data:chw2",))
    assert unconfirmed is not None
    assert texts([unconfirmed]) == (
        "not confirmed: data:chw2: the engine does not report the format it has there",
    )
    several = check_engine_formats({"data": "chw2", "y": "hwc8"}, [])
    assert several == RunWarning(WarningKind.FORMAT_UNCONFIRMED, names=("data:chw2", "y:hwc8"))
    assert check_engine_formats({}, io) is None


def test_a_real_engine_confirms_chw2() -> None:
    text = (DATA / "inspector_googlenet_fp16_chw2_b4.json").read_text()
    assert "(kCHW2)" in text
    io = parse_engine_information(text).io
    assert {tensor.name: tensor.format for tensor in io} == {"data": "chw2", "prob": "linear"}
    assert check_engine_formats(half2_formats(io), io) is None


def test_a_real_engine_without_chw2_is_refused() -> None:
    text = (DATA / "inspector_googlenet_fp16_b4.json").read_text()
    assert "kCHW2" not in text
    io = parse_engine_information(text).io
    with pytest.raises(PrecisionError, match="data:chw2, but the engine has linear"):
        check_engine_formats(half2_formats(io), io)
