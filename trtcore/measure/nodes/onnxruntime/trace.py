"""ONNX Runtime's own profile file: one time per node and run, in whole microseconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import RunError
from trtcore.measure.nodes.onnxruntime.graph import INNER
from trtcore.result.types.dtypes import inspector_name

_SUFFIX = "_kernel_time"

TypedShape = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class NodeTimes:
    """The contents of a profile file, in order of execution.

    Attributes:
        names: (L,) node names.
        kinds: (L,) operators.
        layer_ms: (N, L) float32.
        inputs: (L,) type and shape of what each node read.
        outputs: (L,) type and shape of what each node wrote.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    layer_ms: NDArray[np.float32]
    inputs: tuple[tuple[TypedShape, ...], ...]
    outputs: tuple[tuple[TypedShape, ...], ...]


def read_profile(path: Path, skip: int, most: int) -> NodeTimes:
    """Reads a profile file.

    Args:
        path: the file.
        skip: runs to skip at the start.
        most: runs to read after those.

    Returns:
        The times; fewer runs than ``most`` where ONNX Runtime's event buffer was full.

    Raises:
        RunError: a run without nodes, or with other nodes than the first.
    """
    runs = islice(_runs(path), skip, skip + most)
    first = next(runs, [])
    if not first:
        raise RunError("ONNX Runtime's profile holds no node; nothing was timed")
    names = tuple(event["name"] for event in first)
    rows = [_times(first, names, skip)]
    rows += [_times(run, names, skip + 1 + i) for i, run in enumerate(runs)]
    return NodeTimes(
        names=tuple(name.removesuffix(_SUFFIX) for name in names),
        kinds=tuple(str(event["args"].get("op_name", "")) for event in first),
        layer_ms=np.array(rows, dtype=np.float32),
        inputs=tuple(_typed_shapes(event, "input_type_shape") for event in first),
        outputs=tuple(_typed_shapes(event, "output_type_shape") for event in first),
    )


def _runs(path: Path) -> Iterator[list[dict[str, Any]]]:
    """The node events of each run; the event of the run itself comes after them."""
    run: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as file:
        # Line by line: ONNX Runtime writes an event a line, and the whole file can be gigabytes.
        for line in file:
            event = json.loads(line.strip().rstrip(",")) if line.startswith("{") else {}
            if event.get("name") == "model_run":
                yield run
                run = []
            elif _is_outer_node(event):
                run.append(event)


def _is_outer_node(event: dict[str, Any]) -> bool:
    name = str(event.get("name", ""))
    return event.get("cat") == "Node" and name.endswith(_SUFFIX) and name != INNER + _SUFFIX


def _times(run: list[dict[str, Any]], names: tuple[str, ...], index: int) -> list[float]:
    if tuple(event["name"] for event in run) != names:
        raise RunError(
            f"run {index} of the profile has other nodes than the first, so their times cannot be "
            "combined; profile the branches one by one"
        )
    return [event["dur"] / 1000 for event in run]


def _typed_shapes(event: dict[str, Any], key: str) -> tuple[TypedShape, ...]:
    pairs = (next(iter(entry.items())) for entry in event["args"].get(key, ()) if entry)
    return tuple((inspector_name(kind.capitalize()), tuple(shape)) for kind, shape in pairs)
