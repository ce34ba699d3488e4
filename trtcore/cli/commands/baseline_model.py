"""Whether a baseline from a file is of the model to be profiled, found out before the run."""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from trtcore.api.declaring import MODEL
from trtcore.api.options import Options
from trtcore.cli.api_options import values_for
from trtcore.compare.alignment import align
from trtcore.errors import ResultError
from trtcore.result.analysis.summary import summarise_layers
from trtcore.result.layers import ModelRecord
from trtcore.result.records import Profile
from trtcore.result.samples import Samples

# Below both parts, two models share no more than names such as data and prob, of which small ones
# hold a larger part. Whatever is above is left to the comparison, which knows the times of both.
_FEWEST_NODES = 0.1
_COMMON_NAMES = 3
_LEAST_TIME = 0.5


def check_model(base: Profile, options: argparse.Namespace) -> None:
    """Does nothing if a baseline may be of the model that the command line names.

    Args:
        base: what a file held.
        options: of the command line.

    Raises:
        ResultError: it is of another model.
        OptionError: an option makes no sense.
        ModelError: the model cannot be read.
    """
    record = _record(options)
    try:
        coverage, found = _coverage(base, record)
    except ResultError as error:
        raise ResultError(f"--baseline {options.baseline}: {error}") from None
    nodes = len(record.nodes)
    fewest = max(_FEWEST_NODES * nodes, min(_COMMON_NAMES, nodes / 2))
    if coverage < _LEAST_TIME and found < fewest:
        raise ResultError(
            f"--baseline {options.baseline}: '{base.model.name}' and '{record.name}' are not the "
            f"same model: {found} of its {len(record.nodes)} nodes are in the baseline, with "
            f"{coverage:.0%} of its time; --allow-partial compares what is in both"
        )


def _record(options: argparse.Namespace) -> ModelRecord:
    """The model as a profile will record it."""
    from trtcore.api.assemble import model_record
    from trtcore.models.load import load_model

    given = values_for(options, MODEL)
    weights, outputs = given.pop("weights"), given.pop("outputs")
    asked = Options(**given)
    return model_record(
        load_model(
            options.model, weights=weights, outputs=outputs, batch=asked.batch, shapes=asked.shapes
        )
    )


def _coverage(base: Profile, record: ModelRecord) -> tuple[float, int]:
    """The part of the baseline's time that is in nodes of the model, and how many those are.

    Raises:
        ResultError: both tell their whole graph, and the graphs differ.
    """
    nothing = Samples(np.empty((0, 0), np.float32), np.empty(0, np.float32))
    unmeasured = replace(base, model=record, layers=(), samples=nothing)
    side, _ = align(base, unmeasured, allow_partial=not base.model.nodes)
    medians = [row.median_ms for row in summarise_layers(base)]
    return side.fusion.time_coverage(medians), len(side.fusion.group_of)
