"""ONNX Runtime's own profile file: one time per node and run, in whole microseconds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import RunError
from trtcore.measure.nodes.onnxruntime.graph import layer_index, node_id
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


def read_profile(path: Path, skip: int, most: int, holders: Sequence[int] = ()) -> NodeTimes:
    """Reads a profile file.

    A node in a body counts every time it ran in an iteration; the node around it has its own time
    only, so that the rows add up to the time of the iteration.

    Args:
        path: the file.
        skip: runs to skip at the start.
        most: runs to read after those.
        holders: by node id, the node in whose body a node is; -1 for none.

    Returns:
        The times; fewer runs than ``most`` where ONNX Runtime's event buffer was full.

    Raises:
        RunError: a run without nodes, or with other nodes than the first.
    """
    runs = islice(_runs(path), skip, skip + most)
    first = next(runs, [])
    if not first:
        raise RunError("ONNX Runtime's profile holds no node; nothing was timed")
    events = {event["name"]: event for event in reversed(first)}
    names = _in_order(dict.fromkeys(event["name"] for event in first), holders)
    rows = [_times(first, names, skip, holders)]
    rows += [_times(run, names, skip + 1 + i, holders) for i, run in enumerate(runs)]
    shown = [events[name] for name in names]
    return NodeTimes(
        names=tuple(name.removesuffix(_SUFFIX) for name in names),
        kinds=tuple(str(event["args"].get("op_name", "")) for event in shown),
        layer_ms=np.array(rows, dtype=np.float32),
        inputs=tuple(_typed_shapes(event, "input_type_shape") for event in shown),
        outputs=tuple(_typed_shapes(event, "output_type_shape") for event in shown),
    )


def _in_order(names: Mapping[str, Any], holders: Sequence[int]) -> tuple[str, ...]:
    """The names as they first ran, each node before those in its bodies, which end before it."""
    ranks = {name: rank for rank, name in enumerate(names)}

    def path(name: str) -> tuple[int, ...]:
        holder = _holder(name, holders)
        around = path(holder) if holder in ranks else ()
        return (*around, ranks[name])

    return tuple(sorted(names, key=path))


def _holder(name: str, holders: Sequence[int]) -> str:
    """The event of the node whose body a node is in; ``""`` if it is in none."""
    index = layer_index(name.removesuffix(_SUFFIX))
    if index is None or index >= len(holders) or holders[index] < 0:
        return ""
    return node_id(holders[index]) + _SUFFIX


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
            elif _is_node(event):
                run.append(event)


def _is_node(event: dict[str, Any]) -> bool:
    return event.get("cat") == "Node" and str(event.get("name", "")).endswith(_SUFFIX)


def _times(
    run: list[dict[str, Any]], names: tuple[str, ...], index: int, holders: Sequence[int]
) -> list[float]:
    """The time of each name in a run, in ms; a node's own, without that of its bodies."""
    times: dict[str, float] = defaultdict(float)
    for event in run:
        times[event["name"]] += event["dur"]
    if times.keys() != set(names):
        raise RunError(
            f"run {index} of the profile has other nodes than the first, so their times cannot be "
            "combined; profile the branches one by one"
        )
    own = dict(times)
    for name, time in times.items():
        if (holder := _holder(name, holders)) in own:
            own[holder] -= time
    # Times are whole microseconds: what is left of a node may round to less than nothing.
    return [max(own[name], 0.0) / 1000 for name in names]


def _typed_shapes(event: dict[str, Any], key: str) -> tuple[TypedShape, ...]:
    pairs = (next(iter(entry.items())) for entry in event["args"].get(key, ()) if entry)
    return tuple((inspector_name(kind.capitalize()), tuple(shape)) for kind, shape in pairs)
