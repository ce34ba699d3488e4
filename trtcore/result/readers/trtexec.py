"""What ``trtexec --exportProfile`` writes, with ``--exportLayerInfo`` for what the layers are.

Source: sampleReporting.cpp of NVIDIA/TensorRT. Names are written without escapes and a share may
be ``nan``, so the rows are read by pattern where the file is no valid JSON.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import nan
from typing import Any, NamedTuple

from trtcore.errors import ResultError
from trtcore.result.readers.inspector.inspector import EngineInformation, match_layers
from trtcore.result.readers.single_figures import make_profile
from trtcore.result.records.layers import Layer, is_marker
from trtcore.result.records.method import Method, Statistic, Timer
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.json_text import NestingError, read_json

_START = re.compile(r'\{\s*"name"\s*:')
# A row has times; without this a Chrome trace whose events begin with their name would be one.
_FIRST = re.compile(r'\{\s*"name"\s*:\s*".*?"\s*,\s*"timeMs"\s*:')
_ROW = re.compile(r'\{\s*"name"\s*:\s*"(.*?)"\s*,\s*"timeMs"\s*:(.*?)\}')
_FIGURE = re.compile(r'"(\w+)"\s*:\s*([-+.\w]+)')
# Up to 15 digits: more are no count, and Python refuses to convert thousands of them.
_COUNT = re.compile(r'\{\s*"count"\s*:\s*(\d{1,15})\s*\}')
# Names that TensorRT makes up: of Myelin's kernels, and of a plan that keeps none.
_MADE_UP = re.compile(r"__my[el]|\d+$")


class TrtexecRow(NamedTuple):
    """A layer's row. Times in ms, means and medians of the profiled iterations.

    Attributes:
        name: the engine layer.
        average_ms: NaN where only the median counts.
        median_ms: None before TensorRT 8.4.
    """

    name: str
    average_ms: float
    median_ms: float | None = None

    @property
    def ms(self) -> float:
        """The median where there is one."""
        return self.average_ms if self.median_ms is None else self.median_ms


def is_trtexec_profile(text: str) -> bool:
    """Whether a text is a list of trtexec's rows."""
    is_list = text.lstrip().startswith("[")
    return is_list and any(pattern.search(text) for pattern in (_FIRST, _COUNT))


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
    count = _COUNT.search(text)
    rows = _rows(text, source)
    # Of all rows or none: medians of some beside means of others could not be added up.
    has_medians = all("medianMs" in row for row in rows)
    return make_trtexec_profile(
        [_row(row, source, has_median=has_medians) for row in rows],
        source=source,
        known=known,
        iterations=int(count[1]) if count else 0,
    )


def make_trtexec_profile(
    rows: Sequence[TrtexecRow],
    *,
    source: str,
    known: EngineInformation | None,
    iterations: int,
    warnings: tuple[RunWarning, ...] = (),
) -> Profile:
    """Makes a profile of trtexec's rows: of their medians where they have them.

    Args:
        rows: all with a median, or all without.
        source: where they came from.
        known: the exported layer information of the same engine.
        iterations: how many were profiled; 0 if that is not told.
        warnings: what was odd about the file.

    Raises:
        ResultError: no rows, or a time that is not a number.
    """
    names = [row.name for row in rows]
    layers = match_layers(known.layers if known else (), names)
    has_medians = all(row.median_ms is not None for row in rows)
    return make_profile(
        [(layer, row.ms) for layer, row in zip(layers, rows, strict=True)],
        source=source,
        source_tool="trtexec",
        method=Method(
            Timer.TRTEXEC,
            statistic=Statistic.MEDIAN if has_medians else Statistic.MEAN,
            iterations=iterations,
        ),
        iterations=iterations or 1,
        io=known.io if known else (),
        warnings=(*warnings, *(_unmatched(layers, known) if known else _without_nodes(names))),
    )


def _rows(text: str, source: str) -> list[dict[str, Any]]:
    try:
        rows = read_json(text)
    except NestingError as error:
        # Found by pattern, the rows around what nests would look like a whole file.
        raise ResultError(f"{source}: the file is damaged: {error}; export it again") from None
    except ValueError:
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


def _row(row: dict[str, Any], source: str, *, has_median: bool) -> TrtexecRow:
    name = str(row["name"])
    if has_median:
        return TrtexecRow(name, nan, _time(row, "medianMs", source))
    return TrtexecRow(name, _time(row, "averageMs", source))


def _time(row: dict[str, Any], figure: str, source: str) -> float:
    try:
        return float(row[figure])
    except (KeyError, TypeError, ValueError, OverflowError):
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
