"""Opens any file that a profile can be compared with; its content tells what it is."""

from __future__ import annotations

from pathlib import Path

from trtcore.baselines.caffe_time import is_caffe_time, parse_caffe_time
from trtcore.baselines.sample_table import is_sample_table, parse_sample_table
from trtcore.baselines.trtexec_profile import is_trtexec_profile, parse_trtexec_profile
from trtcore.errors import ResultError
from trtcore.files import read_text
from trtcore.result import Profile
from trtcore.schema import parse_profile

KINDS = (
    "a saved trtcore result, a log of caffe time, a profile exported by trtexec, or the table of "
    "TensorRT's old sample"
)


def load_baseline(path: str | Path, *, layer_info: str | Path | None = None) -> Profile:
    """Reads a profile of any kind.

    Args:
        path: a saved result, a ``caffe time`` log, what ``trtexec --exportProfile`` wrote, or the
            table that TensorRT's old GoogLeNet sample printed.
        layer_info: what ``trtexec --exportLayerInfo`` wrote for the same engine.

    Raises:
        ResultError: it cannot be read, or is none of these.
    """
    text, source = read_text(path), str(path)
    info = read_text(layer_info) if layer_info is not None else None
    if is_trtexec_profile(text):
        return parse_trtexec_profile(text, source, info)
    if info is not None:
        raise ResultError(f"{layer_info}: layer information goes with a profile of trtexec only")
    if text.lstrip().startswith("{"):
        return parse_profile(text, source)
    if is_caffe_time(text):
        return parse_caffe_time(text, source)
    if is_sample_table(text):
        return parse_sample_table(text, source)
    raise ResultError(f"{source}: is not {KINDS}")
