"""The log of ``caffe time``: the mean forward time of every layer, each timed alone.

Source: tools/caffe.cpp of BVLC/caffe; prefixes as glog writes them, old and new.
"""

from __future__ import annotations

import re
from collections import Counter
from math import inf

from trtcore.errors import ResultError
from trtcore.result.readers.single_figures import Row, make_profile, missing_rows
from trtcore.result.records.layers import Layer
from trtcore.result.records.method import Method, Timer
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

# Also what Caffe prints for a broken timer, so that the error can say so.
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|nan|inf)"
# glog's line prefix: month and day, in newer versions after the year.
_PREFIX = re.compile(
    r"^[ \t]*(?:>[ \t]*)?[IWEF](?:\d{8}|\d{4}) \d\d:\d\d:\d\d\.\d+\s+\d+ [\w./\\-]+:\d+\]", re.M
)
# Any white space between the parts, line ends too: mail and web pages wrap the rows.
_LAYER = re.compile(rf"^[ \t>]*(\S[^\n]*?)\s+(forward|backward):\s+({_NUMBER})\s+ms\.", re.M)
_FORWARD = re.compile(rf"^[ \t>]*Average Forward pass:\s+({_NUMBER})\s+ms\.", re.M)
_ITERATIONS = re.compile(r"^[ \t>]*Testing for (\d{1,15}) iterations\.", re.M)
_DEVICE = re.compile(r"^[ \t>]*Use (CPU|GPU with device ID \d+)", re.M)

# A judgement: an hour, far above any layer and far below what a timer that wrapped around tells
# (2**64 us over 50 iterations are 3.7e11 ms).
_IMPOSSIBLE_MS = 3.6e6


def is_caffe_time(text: str) -> bool:
    """Whether a text holds the layer rows of ``caffe time``."""
    return _LAYER.search(_PREFIX.sub("", text)) is not None


def parse_caffe_time(text: str, source: str = "caffe time") -> Profile:
    """Reads a log, also one that was pasted into a web page: wrapped, quoted or cut short.

    Backward rows are left out. Rows that Caffe put in itself (``*_split``) stay, without a node.

    Raises:
        ResultError: no forward rows, a layer that is there twice, or a time that is not a number.
    """
    bare = _PREFIX.sub("", text)
    times = [(name, float(ms)) for name, kind, ms in _LAYER.findall(bare) if kind == "forward"]
    repeated = [name for name, count in Counter(name for name, _ in times).items() if count > 1]
    # Caffe's names are unique within a phase, so these are rows of several runs.
    if repeated:
        raise ResultError(
            f"{source}: layer '{repeated[0]}' is there twice; keep the log of one run"
        )
    forward, iterations = _FORWARD.search(bare), _ITERATIONS.search(bare)
    device = _DEVICE.search(bare)
    whole_ms = float(forward[1]) if forward else None
    rows, warnings = _without_faults([_row(name, ms) for name, ms in times], whole_ms)
    count = int(iterations[1]) if iterations else 0
    return make_profile(
        rows,
        source=source,
        source_tool="caffe",
        method=Method(Timer.CAFFE_TIME, iterations=count, device=device[1] if device else ""),
        whole_ms=whole_ms,
        iterations=max(count, 1),
        warnings=(*warnings, *missing_rows(rows, whole_ms, "Average Forward pass")),
    )


def _row(name: str, ms: float) -> Row:
    if name.endswith("_split"):
        return Layer(name, "Split"), ms
    return Layer(name, nodes=(name,)), ms


def _without_faults(
    rows: list[Row], whole_ms: float | None
) -> tuple[list[Row], tuple[RunWarning, ...]]:
    """Leaves out what Caffe's timer got wrong: above the pass or an hour, or below zero."""
    kept, warnings = [], []
    for layer, ms in rows:
        if ms < 0 or (whole_ms is not None and ms > whole_ms) or _IMPOSSIBLE_MS < ms < inf:
            warnings.append(RunWarning(WarningKind.IMPOSSIBLE_TIME, (ms,), (layer.name,)))
        else:
            kept.append((layer, ms))
    return kept, tuple(warnings)
