"""What ``trtexec --exportProfile`` writes, with ``--exportLayerInfo`` for what the layers are.

Source: sampleReporting.cpp of NVIDIA/TensorRT. Names are written without escapes and a share may
be ``nan``, so the rows are read by pattern where the file is no valid JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from trtcore.errors import ResultError
from trtcore.result.readers.inspector import EngineInformation, match_layers
from trtcore.result.readers.single_figures import make_profile
from trtcore.result.records.layers import Layer, is_marker
from trtcore.result.records.method import Method, Statistic, Timer
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

_START = re.compile(r'\{\s*"name"\s*:')
_ROW = re.compile(r'\{\s*"name"\s*:\s*"(.*?)"\s*,\s*"timeMs"\s*:(.*?)\}')
_FIGURE = re.compile(r'"(\w+)"\s*:\s*([-+.\w]+)')
_COUNT = re.compile(r'\{\s*"count"\s*:\s*(\d+)\s*\}')
# Names that TensorRT makes up: of Myelin's kernels, and of a plan that keeps none.
_MADE_UP = re.compile(r"__my[el]|\d+$")


def is_trtexec_profile(text: str) -> bool:
    """Whether a text is a list of trtexec's rows."""
    is_list = text.lstrip().startswith("[")
    return is_list and any(pattern.search(text) for pattern in (_START, _COUNT))


def parse_trtexec_profile(
    text: str, source: str = "trtexec profile", known: EngineInformation | None = None
) -> Profile:
    """Reads an exported profile; medians where there are any (TensorRT 8.4 on), else averages.

    Args:
        text: the file's text.
        source: where it came from.
        known: the exported layer information of the same engine.

    Raises:
        ResultError: cut off, no rows, a row without a time, or a time that is not a number.
    """
    rows = _rows(text, source)
    count = _COUNT.search(text)
    # Of all rows or none: medians of some beside means of others could not be added up.
    has_medians = all("medianMs" in row for row in rows)
    figure = "medianMs" if has_medians else "averageMs"
    times = [_time(row, figure, source) for row in rows]
    names = [str(row["name"]) for row in rows]
    layers = match_layers(known.layers if known else (), names)
    return make_profile(
        [(layer, ms) for layer, ms in zip(layers, times, strict=True)],
        source=source,
        source_tool="trtexec",
        method=Method(
            Timer.TRTEXEC,
            statistic=Statistic.MEDIAN if has_medians else Statistic.MEAN,
            iterations=int(count[1]) if count else 0,
        ),
        iterations=int(count[1]) if count else 1,
        io=known.io if known else (),
        warnings=_unmatched(layers, known) if known else _without_nodes(names),
    )


def _rows(text: str, source: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return _rows_by_pattern(text, source)
    return [row for row in rows if isinstance(row, dict) and "name" in row]


def _rows_by_pattern(text: str, source: str) -> list[dict[str, Any]]:
    found, begun = _ROW.findall(text), len(_START.findall(text))
    # A pattern would skip damaged rows without a word; too few layers then look like a fast engine.
    if not text.rstrip().endswith("]"):
        raise ResultError(f"{source}: the file is cut off: it ends without ']'; export it again")
    if len(found) != begun:
        raise ResultError(
            f"{source}: the file is damaged: {begun - len(found)} of {begun} rows are not whole; "
            "export it again"
        )
    return [{"name": name, **dict(_FIGURE.findall(f'"timeMs":{rest}'))} for name, rest in found]


def _time(row: dict[str, Any], figure: str, source: str) -> float:
    try:
        return float(row[figure])
    except (KeyError, TypeError, ValueError):
        raise ResultError(f"{source}: layer '{row['name']}' has no '{figure}'") from None


def _without_nodes(names: Sequence[str]) -> tuple[RunWarning, ...]:
    """A warning where names, unlike ``conv1 + relu1``, cannot be mapped to model nodes."""
    made_up = [name for name in names if _MADE_UP.match(name) and not is_marker(Layer(name))]
    if not made_up:
        return ()
    numbers = (len(made_up), len(names))
    return (RunWarning(WarningKind.NAMES_MADE_UP, numbers, (made_up[0],)),)


def _unmatched(layers: tuple[Layer, ...], known: EngineInformation) -> tuple[RunWarning, ...]:
    """A warning where the layer information is of other layers, or holds only their names."""
    names = {layer.name for layer in known.layers}
    missing = [layer.name for layer in layers if layer.name not in names]
    if missing:
        numbers = (len(missing), len(layers))
        return (RunWarning(WarningKind.OTHER_LAYER_INFO, numbers, (missing[0],)),)
    if known.verbosity == "DETAILED":
        return ()
    return (RunWarning(WarningKind.NO_NODES_TOLD, names=(known.verbosity,)),)
