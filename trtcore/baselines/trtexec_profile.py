"""What ``trtexec --exportProfile`` writes, with ``--exportLayerInfo`` to tell what the layers are.

Source: sampleReporting.cpp of NVIDIA/TensorRT. Names are written without escapes and a share may
be ``nan``, so the rows are read by pattern where the file is no valid JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any

from trtcore.baselines.record import make_profile
from trtcore.errors import ResultError
from trtcore.inspector import EngineInformation, match_layers, parse_engine_information
from trtcore.result import Layer, Profile

_ROW = re.compile(r'\{\s*"name"\s*:\s*"(.*?)"\s*,\s*"timeMs"\s*:(.*?)\}')
_FIGURE = re.compile(r'"(\w+)"\s*:\s*([-+.\w]+)')
_COUNT = re.compile(r'\{\s*"count"\s*:\s*(\d+)\s*\}')


def is_trtexec_profile(text: str) -> bool:
    """Whether a text is a list of trtexec's rows."""
    return text.lstrip().startswith("[") and _ROW.search(text) is not None


def parse_trtexec_profile(
    text: str, source: str = "trtexec profile", layer_info: str | None = None
) -> Profile:
    """Reads an exported profile; medians where there are any (TensorRT 8.4 on), else averages.

    Args:
        text: the file's text.
        source: where it came from.
        layer_info: text of the exported layer information of the same engine.

    Raises:
        ResultError: no rows, a row without a time, or a time that is not a number.
    """
    rows = _rows(text)
    count = _COUNT.search(text)
    has_medians = all("medianMs" in row for row in rows)
    figure = "medianMs" if has_medians else "averageMs"
    times = [_time(row, figure, source) for row in rows]
    names = [str(row["name"]) for row in rows]
    known = parse_engine_information(layer_info) if layer_info else None
    layers = match_layers(known.layers if known else (), names)
    return make_profile(
        [(layer, ms) for layer, ms in zip(layers, times, strict=True)],
        source=source,
        backend="trtexec",
        method=(
            f"trtexec: {'median' if has_medians else 'mean'} of {count[1] if count else 'all'} "
            "profiled iterations, each layer between two events"
        ),
        iterations=int(count[1]) if count else 1,
        io=known.io if known else (),
        warnings=_unmatched(layers, known),
    )


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        found = _ROW.findall(text)
        return [{"name": name, **dict(_FIGURE.findall(f'"timeMs":{rest}'))} for name, rest in found]
    return [row for row in rows if isinstance(row, dict) and "name" in row]


def _time(row: dict[str, Any], figure: str, source: str) -> float:
    try:
        return float(row[figure])
    except (KeyError, TypeError, ValueError):
        raise ResultError(f"{source}: layer '{row['name']}' has no '{figure}'") from None


def _unmatched(layers: tuple[Layer, ...], known: EngineInformation | None) -> tuple[str, ...]:
    missing = [layer.name for layer in layers if layer == Layer(layer.name)]
    if known is None or not missing:
        return ()
    return (
        f"{len(missing)} of {len(layers)} layers are not in the layer information, such as "
        f"'{missing[0]}': it may be of another engine",
    )
