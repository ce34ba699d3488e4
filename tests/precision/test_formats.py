"""The table of precisions beside NumPy, ONNX and what TensorRT's inspector says."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto

from trtcore.precision.formats import (
    FORMATS,
    Precision,
    flags,
    format_of,
    io_precisions,
    low_types,
    precision_of,
)


def test_every_precision_has_a_row() -> None:
    assert list(FORMATS) == list(Precision)


@pytest.mark.parametrize(
    ("precision", "kind", "word", "label"),
    [
        ("fp32", TensorProto.FLOAT, "Float", "FP32"),
        ("tf32", TensorProto.FLOAT, "Float", "FP32"),
        ("fp16", TensorProto.FLOAT16, "Half", "FP16"),
        ("half2", TensorProto.FLOAT16, "Half", "FP16"),
        ("bf16", TensorProto.BFLOAT16, "BFloat16", "BF16"),
    ],
)
def test_what_the_type_is_called(precision: str, kind: int, word: str, label: str) -> None:
    row = FORMATS[Precision(precision)]
    assert (row.onnx_type, row.inspector_word, row.label) == (kind, word, label)


def test_the_first_row_of_a_type_stands_for_it() -> None:
    assert precision_of(TensorProto.FLOAT) is Precision.FP32
    assert precision_of(TensorProto.FLOAT16) is Precision.FP16
    assert format_of(TensorProto.FLOAT16) is FORMATS[Precision.FP16]
    assert io_precisions() == (Precision.FP32, Precision.FP16, Precision.BF16)
    assert low_types() == (TensorProto.FLOAT16, TensorProto.BFLOAT16)
    assert flags() == ("fp16", "half2", "bf16")


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [
        (Precision.FP32, np.float32),
        (Precision.FP16, np.float16),
        (Precision.BF16, ml_dtypes.bfloat16),
    ],
)
def test_the_largest_value_is_the_largest(precision: Precision, dtype: type) -> None:
    assert np.float32(FORMATS[precision].largest) == np.float32(ml_dtypes.finfo(dtype).max)


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [(Precision.FP16, np.float16), (Precision.HALF2, np.float16), (Precision.BF16, "bfloat16")],
)
def test_bytes_are_the_nearest_values(precision: Precision, dtype: type | str) -> None:
    exact = np.float32([0, -0.0, 1, -2.00390625, 1e-8, 65519, 65520, 3.4e38, np.inf, np.nan])
    encode = FORMATS[precision].encode
    assert encode is not None
    raw, rounded = encode(exact)
    with np.errstate(over="ignore"):
        wanted = exact.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    np.testing.assert_array_equal(rounded, wanted.astype(np.float32))
    found = np.frombuffer(raw, wanted.dtype)
    is_number = ~np.isnan(exact)
    assert found[is_number].tobytes() == wanted[is_number].tobytes()
    assert np.isnan(found[~is_number].astype(np.float32)).all()
