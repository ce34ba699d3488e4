"""The files that a profile is read from: one row for each kind, in the order they are tried.

Imports nothing heavy, because ``--help`` lists it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from trtcore.system.lazy import lazily

if TYPE_CHECKING:
    from trtcore.result.records.profile import Profile


class Reader(NamedTuple):
    """A kind of file.

    Attributes:
        name: what messages and ``--help`` call such a file, with its article.
        matches: whether a text is one.
        parse: from a text and where it came from to the profile; a reader that
            ``takes_layer_info`` gets an `EngineInformation` or None as well.
        takes_layer_info: what ``trtexec --exportLayerInfo`` wrote belongs to it.
    """

    name: str
    matches: Callable[[str], bool]
    parse: Callable[..., Profile]
    takes_layer_info: bool = False


READERS: tuple[Reader, ...] = (
    Reader(
        "a saved trtcore result",
        lazily("trtcore.result.readers.own_result", "is_result"),
        lazily("trtcore.result.readers.own_result", "parse_result"),
    ),
    # Before the logs, whose rows could stand in a layer's name.
    Reader(
        "a profile exported by trtexec",
        lazily("trtcore.result.readers.trtexec", "is_trtexec_profile"),
        lazily("trtcore.result.readers.trtexec", "parse_trtexec_profile"),
        takes_layer_info=True,
    ),
    Reader(
        "a trtexec --dumpProfile log",
        lazily("trtcore.result.readers.trtexec_log", "is_trtexec_log"),
        lazily("trtcore.result.readers.trtexec_log", "parse_trtexec_log"),
        takes_layer_info=True,
    ),
    Reader(
        "a profile of ONNX Runtime",
        lazily("trtcore.result.readers.onnxruntime_profile", "is_onnxruntime_profile"),
        lazily("trtcore.result.readers.onnxruntime_profile", "parse_onnxruntime_profile"),
    ),
    Reader(
        "a PyTorch profiler trace",
        lazily("trtcore.result.readers.torch_trace", "is_torch_trace"),
        lazily("trtcore.result.readers.torch_trace", "parse_torch_trace"),
    ),
    Reader(
        "trtexec's --exportTimes",
        lazily("trtcore.result.readers.trtexec_times", "is_trtexec_times"),
        lazily("trtcore.result.readers.trtexec_times", "parse_trtexec_times"),
    ),
    Reader(
        "a TensorRT-RTX provider trace",
        lazily("trtcore.result.readers.rtx_provider_trace", "is_rtx_provider_trace"),
        lazily("trtcore.result.readers.rtx_provider_trace", "parse_rtx_provider_trace"),
    ),
    Reader(
        "Nsight's cuda_gpu_kern_sum",
        lazily("trtcore.result.readers.nsight_kernels", "is_kernel_summary"),
        lazily("trtcore.result.readers.nsight_kernels", "parse_kernel_summary"),
    ),
    Reader(
        "a caffe time log",
        lazily("trtcore.result.readers.caffe_time", "is_caffe_time"),
        lazily("trtcore.result.readers.caffe_time", "parse_caffe_time"),
    ),
    Reader(
        "the old sample's table",
        lazily("trtcore.result.readers.sample_table", "is_sample_table"),
        lazily("trtcore.result.readers.sample_table", "parse_sample_table"),
    ),
)


def find_reader(text: str) -> Reader | None:
    """The first reader that a text matches; None if there is none."""
    return next((reader for reader in READERS if reader.matches(text)), None)


def readers_text() -> str:
    """Returns every kind of file in one phrase: ``a saved trtcore result, ... or ...``."""
    *names, last = (reader.name for reader in READERS)
    return f"{', '.join(names)} or {last}"
