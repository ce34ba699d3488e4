"""Chrome traces: of ONNX Runtime, of its TensorRT-RTX provider and of PyTorch."""

from __future__ import annotations

from fuzz.trying import refusing, text_of

from trtcore.result.checks import check_times
from trtcore.result.readers.onnxruntime_profile import (
    is_onnxruntime_profile,
    parse_onnxruntime_profile,
)
from trtcore.result.readers.rtx_provider_trace import (
    is_rtx_provider_trace,
    parse_rtx_provider_trace,
)
from trtcore.result.readers.torch_trace import is_torch_trace, parse_torch_trace


def fuzz_one(data: bytes) -> None:
    text = text_of(data)
    for matches, parse in (
        (is_onnxruntime_profile, parse_onnxruntime_profile),
        (is_rtx_provider_trace, parse_rtx_provider_trace),
        (is_torch_trace, parse_torch_trace),
    ):
        with refusing():
            if matches(text):
                check_times(parse(text), "chrome_trace")
