"""Checks a baseline against a model before the model is built and timed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trtcore.compare.alignment import FEWEST_SHARED, align
from trtcore.errors import ResultError, argument
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.readers.trtexec_times import has_no_layers
from trtcore.result.records.layers import ModelRecord
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples

# Half of what the baseline that names the fewest of its own nodes has: the log of `caffe time` has
# 31 of GoogLeNet's 142 (22 %).
_FEWEST_NODES = 0.1
# Names such as data, prob and loss, which networks of any kind share; of small ones, where these
# are a larger part, no more than half the nodes are required.
_COMMON_NAMES = 3


def check_same_model(base: Profile | Analysis, record: ModelRecord) -> None:
    """Raises ResultError if a baseline cannot be of a model.

    It is refused only if it has neither enough of the model's nodes nor enough of its time in them:
    above either limit the comparison decides, which knows the times of both.

    Args:
        base: the baseline.
        record: the model, as a profile of it will record it.

    Raises:
        ResultError: it is of another model.
    """
    analysis = Analysis.of(base)
    if has_no_layers(analysis.profile):
        return
    coverage, shared = _coverage(analysis, record)
    nodes = len(record.nodes)
    fewest = max(_FEWEST_NODES * nodes, min(_COMMON_NAMES, nodes / 2))
    if coverage < FEWEST_SHARED and shared < fewest:
        raise ResultError(
            f"'{analysis.profile.model.name}' and '{record.name}' are not the same model: {shared} "
            f"of its {nodes} nodes are in the baseline, with {coverage:.0%} of its time; "
            f"{argument('allow_partial', True)} compares what is in both"
        )


def _coverage(base: Analysis, record: ModelRecord) -> tuple[float, int]:
    """The part of the baseline's time that is in nodes of the model, and how many those are.

    Raises:
        ResultError: both have a whole graph, and the graphs differ.
    """
    # The model as a profile without layers, so that alignment and its errors are those of a
    # comparison.
    nothing = Samples(np.empty((0, 0), np.float32), np.empty(0, np.float32))
    unmeasured = replace(base.profile, model=record, layers=(), samples=nothing)
    knows_graph = bool(base.profile.model.nodes)
    side, _ = align(base, Analysis(unmeasured), allow_partial=not knows_graph)
    medians = [row.median_ms for row in base.rows]
    return side.fusion.time_coverage(medians), len(side.fusion.group_of)
