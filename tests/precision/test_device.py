"""What a GPU can do, from its compute capability alone."""

from __future__ import annotations

import pytest

from trtcore.errors import PrecisionError
from trtcore.precision.device import check_device
from trtcore.precision.request import Precision
from trtcore.system.device import Device


def gpu(capability: str) -> Device:
    return Device(0, "Some GPU", capability)


@pytest.mark.parametrize(
    ("precision", "capability", "warning"),
    [
        ("fp32", "5.2", ""),
        ("fp16", "9.0", ""),
        ("fp16", "10.0", ""),
        ("fp16", "6.0", ""),
        ("fp16", "5.3", ""),
        ("half2", "6.1", "has no fast FP16: it saves memory there, not time"),
        ("fp16", "5.2", "has no fast FP16: it saves memory there, not time"),
        ("tf32", "7.5", "has no TF32, which needs 8.0 or newer: this is FP32"),
        ("tf32", "8.6", ""),
        ("bf16", "8.0", ""),
        ("bf16", "12.0", ""),
        ("bf16", "", ""),
    ],
)
def test_warnings(precision: str, capability: str, warning: str) -> None:
    found = check_device(Precision(precision), gpu(capability))
    head = f"Some GPU (compute capability {capability}) "
    assert found == (head + warning if warning else "")


def test_bf16_before_ampere_is_refused() -> None:
    with pytest.raises(PrecisionError) as error:
        check_device(Precision.BF16, gpu("7.5"))
    assert str(error.value) == (
        "Some GPU (compute capability 7.5) has no BF16, which needs 8.0 or newer:"
        " use precision='fp16'"
    )
