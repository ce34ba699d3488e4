"""Data types: the table beside ONNX's and NumPy's own, and every spelling of a type."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto

from trtcore.models.onnx.graph import dtype_name
from trtcore.models.onnx.tensors import misfit
from trtcore.result.readers.inspector.tensor_words import short_dtype
from trtcore.result.types.dtypes import (
    DTYPES,
    ONNX_TYPES,
    WORDS,
    Dtype,
    host_type,
    inspector_name,
    itemsize,
    numpy_name,
)

# Names of `TensorProto.DataType` that are not NumPy's in upper case.
ONNX_NAMES = {
    "float64": "DOUBLE",
    "float32": "FLOAT",
    "fp8": "FLOAT8E4M3FN",
    "fp4": "FLOAT4E2M1",
}


@pytest.mark.parametrize("row", DTYPES.values(), ids=DTYPES)
def test_a_row_says_what_onnx_and_numpy_say(row: Dtype) -> None:
    assert TensorProto.DataType.Name(row.onnx_type) == ONNX_NAMES.get(row.name, row.name.upper())
    own = onnx.helper.tensor_dtype_to_np_dtype(row.onnx_type)
    if row.host_type is None:
        assert own == np.dtype(row.name)
        assert row.bits == 8 * own.itemsize
        assert row.is_float == (own.kind == "f")
    else:
        assert row.bits == (
            ml_dtypes.finfo(own).bits if row.name != "int4" else ml_dtypes.iinfo(own).bits
        )
    assert dtype_name(row.onnx_type) == row.name


@pytest.mark.parametrize(
    ("words", "name", "word", "size"),
    [
        ("Float FLOAT fp32 float32 DataType.FLOAT", "float32", "Float", 4),
        ("Half HALF fp16 float16", "float16", "Half", 2),
        ("BFloat16 BF16 bfloat16", "bfloat16", "BFloat16", 2),
        ("Int8 INT8", "int8", "Int8", 1),
        ("FP8 fp8 float8_e4m3fn DataType.FP8", "fp8", "FP8", 1),
        ("Int4 INT4", "int4", "Int4", 0.5),
        ("FP4 fp4 float4_e2m1fn", "fp4", "FP4", 0.5),
        ("Bool BOOL boolean", "bool", "Bool", 1),
        ("Int64 INT64", "int64", "Int64", 8),
    ],
)
def test_every_spelling(words: str, name: str, word: str, size: float) -> None:
    for spelling in words.split():
        found = numpy_name(spelling), inspector_name(spelling), itemsize(spelling)
        assert found == (name, word, size)


def test_what_is_in_no_row_stays_as_it_is() -> None:
    assert (numpy_name("Complex64"), inspector_name("Complex64")) == ("complex64", "Complex64")
    assert host_type("complex64") == ""
    assert dtype_name(TensorProto.FLOAT8E5M2) == "float8_e5m2"
    with pytest.raises(KeyError):
        itemsize("Complex64")


@pytest.mark.parametrize(
    ("name", "host"), [("Half", "float16"), ("BF16", "float32"), ("FP8", "float32"), ("INT4", "")]
)
def test_what_values_are_made_of_on_the_host(name: str, host: str) -> None:
    assert host_type(name) == host


def test_no_spelling_means_two_types() -> None:
    spellings = [(row.name, row.inspector.lower(), *row.words) for row in DTYPES.values()]
    assert sum(len(set(words)) for words in spellings) == len(WORDS)
    assert len(ONNX_TYPES) == len(DTYPES)


@pytest.mark.parametrize("row", DTYPES.values(), ids=DTYPES)
def test_sentences_of_the_inspector_name_every_type(row: Dtype) -> None:
    assert short_dtype(f"Row major linear {row.inspector.upper()} format") == row.inspector


@pytest.mark.parametrize("row", DTYPES.values(), ids=DTYPES)
def test_weights_that_are_cut_short_are_seen_in_every_type(row: Dtype) -> None:
    enough = row.bits * 6 // 8
    for size, found in ((enough, ""), (enough - 1, "weights 'w' are truncated")):
        model = onnx.ModelProto()
        model.graph.initializer.append(
            TensorProto(name="w", data_type=row.onnx_type, dims=[2, 3], raw_data=bytes(size))
        )
        assert misfit(model) == found
