"""What a layer computes in, by all that its inspector tells."""

from __future__ import annotations

import pytest

from trtcore.result.records.layers import Layer, TensorInfo
from trtcore.result.types.layer_types import layer_dtype, multiplies


def layer(kind: str, reads: str, writes: str, constants: str = "") -> Layer:
    return Layer(
        "x",
        kind,
        inputs=tuple(TensorInfo("i", (1,), word) for word in reads.split()),
        outputs=tuple(TensorInfo("o", (1,), word) for word in writes.split()),
        constant_types=tuple(constants.split()),
    )


@pytest.mark.parametrize(
    ("reads", "writes", "expected"),
    [
        ("Half", "Float", "Float"),
        ("Float", "Half", "Half"),
        ("Float", "Half Float", "Float"),
        ("BF16", "", "BFloat16"),
        ("FP16", "Int32 Bool", "Half"),
        ("Int64", "Bool", ""),
        ("", "", ""),
    ],
)
@pytest.mark.parametrize("kind", ["kgen", "correlation"])
def test_the_widest_it_writes(kind: str, reads: str, writes: str, expected: str) -> None:
    assert layer_dtype(layer(kind, reads, writes)) == expected


@pytest.mark.parametrize(
    ("reads", "writes", "constants", "expected"),
    [
        ("Int8", "Float", "Int8 Float", "Int8"),
        ("Int8 Int8", "Float", "Float", "Int8"),
        ("FP8 FP8", "Half", "", "FP8"),
        ("Int8", "Float", "", "Int8"),  # an older result, without the constants
        ("Int8 Float", "Float", "Int8 Float", "Int8"),  # the wide one is added to the product
        ("Half", "Half", "Int4 Half", "Half"),  # only the weights are stored in four bits
        ("Half Int8", "Half", "Half", "Half"),
        ("Float Float", "Float", "Float", "Float"),
        ("Float", "Int8", "Float", "Float"),
    ],
)
def test_a_product_computes_in_the_type_of_both_operands(
    reads: str, writes: str, constants: str, expected: str
) -> None:
    assert layer_dtype(layer("correlation", reads, writes, constants)) == expected
    assert layer_dtype(layer("gemm", reads, writes, constants)) == expected


@pytest.mark.parametrize(
    ("reads", "writes", "constants", "expected"),
    [
        ("Float", "Int8", "Float", "Float"),  # quantizes
        ("Int8", "Float", "Float", "Float"),  # dequantizes
        ("Int8 Half", "Int8", "Half", "Half"),  # adds to a dequantized value, quantizes the sum
        ("", "Int8 Int8", "Float", "Float"),  # quantizes weights
        ("Int8", "Int8", "Float", "Int8"),  # a pool over quantized values
        ("", "FP8", "", "FP8"),
    ],
)
def test_what_is_no_product_computes_in_what_it_widens_to(
    reads: str, writes: str, constants: str, expected: str
) -> None:
    assert layer_dtype(layer("kgen", reads, writes, constants)) == expected


@pytest.mark.parametrize("kind", ["correlation", "gemm", "CaskGemmConvolution", "MatrixMultiply"])
def test_kinds_that_multiply(kind: str) -> None:
    assert multiplies(Layer("x", kind))
    assert not multiplies(Layer(kind, "kgen"))


def test_a_generated_kernel_multiplies_if_it_says_so() -> None:
    assert multiplies(Layer("x", "kgen", tactic="_gemm_mha_v2_0xaf6e5bc15b56cff9"))
    assert not multiplies(Layer("x", "kgen", tactic="__myl_MulMinMaxRounCast_0x4d0cd9ee"))
