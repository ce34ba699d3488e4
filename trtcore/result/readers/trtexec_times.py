"""What ``trtexec --exportTimes`` writes: whole inferences, without layers.

Source: sampleReporting.cpp of NVIDIA/TensorRT: ``computeMs`` and ``startEnqMs`` in every version,
whose other keys changed with 8.0 and 8.4. Of the timestamps only differences of one record are
used: they have six digits, which are steps of 10 us after one second.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import ResultError
from trtcore.result.readers.foreign import HEAD_CHARACTERS
from trtcore.result.readers.single_figures import make_profile
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer
from trtcore.result.records.method import Method, Statistic, Timer
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.system.json_text import read_json

_RECORD = re.compile(r'^\s*\[\s*\{\s*"(?:startEnqMs|startInMs)"', re.M)
_WHOLE = "all layers"


def is_trtexec_times(text: str) -> bool:
    """Whether a text is a list of trtexec's inferences."""
    return _RECORD.search(text[:HEAD_CHARACTERS]) is not None


def has_no_layers(profile: Profile) -> bool:
    """Whether a profile is of whole inferences: its one layer stands for all of them."""
    return profile.method.timer is Timer.TRTEXEC_TIMES


def parse_trtexec_times(text: str, source: str = "trtexec times") -> Profile:
    """Reads the GPU Compute and Enqueue times of every inference.

    trtexec's latency is no wall time, as it leaves out what an inference waits for the one before.

    Raises:
        ResultError: cut off, no record, or one whose times are no numbers.
    """
    records = _records(text, source)
    compute = _column(records, "computeMs", source).astype(np.float32)
    starts, ends = (_column(records, key, source) for key in ("startEnqMs", "endEnqMs"))
    profile = make_profile(
        [(Layer(_WHOLE), float(np.median(compute)))],
        source=source,
        source_tool="trtexec",
        method=Method(Timer.TRTEXEC_TIMES, statistic=Statistic.MEDIAN, iterations=len(records)),
    )
    samples = Samples(
        layer_ms=compute[:, None],
        wall_ms=np.empty(0, np.float32),
        enqueue_ms=(ends - starts).astype(np.float32),
        gpu_ms=compute,
    )
    counts = Counts(asked=len(records), warmed_up=0, measured=len(records))
    return replace(profile, samples=samples, counts=counts)


def _records(text: str, source: str) -> list[dict[str, Any]]:
    try:
        records = read_json(text)
    except ValueError as error:
        raise ResultError(
            f"{source}: the times of trtexec are cut off or damaged ({error}); export them again"
        ) from None
    if not all(isinstance(record, dict) for record in records):
        raise ResultError(f"{source}: the times of trtexec hold a row that is no inference")
    return list(records)


def _column(records: list[dict[str, Any]], key: str, source: str) -> NDArray[np.float64]:
    try:
        column = np.array([float(record[key]) for record in records])
    except (KeyError, TypeError, ValueError, OverflowError):
        column = np.array([np.nan])
    if not np.isfinite(column).all():
        raise ResultError(f"{source}: an inference has no '{key}' that is a number")
    return column
