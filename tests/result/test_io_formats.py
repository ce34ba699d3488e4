"""Which tensors can have which memory format."""

from __future__ import annotations

import pytest

from trtcore.result.io_formats import FORMATS, why_not
from trtcore.result.records.layers import TensorInfo


@pytest.mark.parametrize(
    ("dtype", "shape", "format_name", "reason"),
    [
        ("Half", (1, 3, 224, 224), "hwc8", ""),
        ("Float", (1, 3, 224, 224), "chw32", ""),
        ("Float", (1, 1000), "linear", ""),
        ("Float", (1, 3, 224, 224), "hwc8", "'x' is float32, hwc8 is for float16, bfloat16"),
        ("Half", (1, 128), "chw2", "'x' has 2 dimensions, chw2 needs 3 or more"),
    ],
)
def test_a_tensor_can_have_a_format_or_there_is_a_reason(
    dtype: str, shape: tuple[int, ...], format_name: str, reason: str
) -> None:
    assert why_not(TensorInfo("x", dtype=dtype, shape=shape), format_name) == reason


def test_every_format_is_known_by_its_own_name() -> None:
    assert {name: layout.name for name, layout in FORMATS.items()} == {
        name: name for name in FORMATS
    }
    assert all(layout.dtypes for layout in FORMATS.values() if layout.lanes > 1)
