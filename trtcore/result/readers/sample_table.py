"""The table that TensorRT's old GoogLeNet sample printed: a name of 40 characters and a time.

Source: sampleGoogleNet of TensorRT 2 to 4, which prints names with ``%-40.40s``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from trtcore.result.readers.inspector.layer_names import split_name
from trtcore.result.readers.single_figures import Row, make_profile, missing_rows
from trtcore.result.records.layers import IOTensor, Layer
from trtcore.result.records.method import Method, Timer
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

_NAME_WIDTH = 40
# The sample prints three decimals. Other logs end lines in a time too, but not in that form.
_ROW = re.compile(r"^[ \t]*(\S.*?)[ \t]+(\d+\.\d{3})ms[ \t]*$", re.M)
_BEGUN = re.compile(r"^[ \t]*\[", re.M)  # how loggers begin a line, and no layer's name
_BINDING = re.compile(r"^[ \t]*Binding \d+ \((.+)\): (Input|Output)\.", re.M)
_TOTAL = re.compile(r"^[ \t]*Time over all layers: (\d+(?:\.\d+)?)", re.M)
_COPY = " copy"  # a layer of the sample's engine that copies an input of a concatenation


def is_sample_table(text: str) -> bool:
    """Whether a text holds rows of the old sample: most of its lines, or its total too."""
    rows = _ROW.findall(text)
    lines = sum(1 for line in text.splitlines() if line.strip())
    is_table = _TOTAL.search(text) is not None or 2 * len(rows) > lines
    return bool(rows) and is_table and not any(_BEGUN.match(name) for name, _ in rows)


def parse_sample_table(text: str, source: str = "TensorRT sample") -> Profile:
    """Reads the sample's output.

    Names end after 40 characters; the last node of such a name is marked as cut, and completed
    when the table is compared with a profile that knows its full name.

    Raises:
        ResultError: no rows.
    """
    rows = [_row(name, float(ms)) for name, ms in _ROW.findall(text)]
    total = _TOTAL.search(text)
    whole_ms = float(total[1]) if total else None
    return make_profile(
        rows,
        source=source,
        source_tool="tensorrt-sample",
        method=Method(Timer.TENSORRT_SAMPLE),
        whole_ms=whole_ms,
        warnings=(*_cut_warning(rows), *missing_rows(rows, whole_ms, "Time over all layers")),
        io=tuple(IOTensor(name, (), "", "", mode.lower()) for name, mode in _BINDING.findall(text)),
    )


def _row(name: str, ms: float) -> Row:
    if name.endswith(_COPY):
        return Layer(name, "copy"), ms
    nodes = split_name(name)
    # A name of just this width may be whole; marked as cut, it is found by its full name too.
    if len(name) >= _NAME_WIDTH:
        nodes[-1] += CUT
    return Layer(name, nodes=tuple(nodes)), ms


def _cut_warning(rows: list[Row]) -> tuple[RunWarning, ...]:
    count = sum(len(layer.name) >= _NAME_WIDTH for layer, _ in rows)
    if not count:
        return ()
    return (RunWarning(WarningKind.NAMES_CUT, (count, _NAME_WIDTH)),)


CUT = "…"
"""Ends the name of a node that may have been cut there."""


def complete_names(layers: Sequence[Layer], known: Collection[str]) -> tuple[Layer, ...]:
    """Returns the layers with every cut node name completed, or left out where nothing fits.

    A cut name stands for the known name that it is, or for the only one it begins. Among several,
    it is the one that ends like the node before it, as ``relu_pool_proj`` does after ``pool_proj``.

    Args:
        layers: the layers, cut names marked by `CUT`.
        known: full names of nodes.
    """
    return tuple(
        replace(layer, nodes=_complete(layer.nodes, known)) if _is_cut(layer) else layer
        for layer in layers
    )


def _is_cut(layer: Layer) -> bool:
    return any(node.endswith(CUT) for node in layer.nodes)


def _complete(nodes: tuple[str, ...], known: Collection[str]) -> tuple[str, ...]:
    whole: list[str] = []
    for node in nodes:
        name = node
        if node.endswith(CUT):
            name = _find(node.removesuffix(CUT), whole[-1] if whole else "", known)
        if name:
            whole.append(name)
    return tuple(dict.fromkeys(whole))


def _find(start: str, before: str, known: Collection[str]) -> str:
    if start in known:
        return start
    fitting = [name for name in known if name.startswith(start) and name != before]
    if len(fitting) > 1 and before:
        tail = before.rpartition("/")[2]
        fitting = [name for name in fitting if name.endswith(tail)]
    return fitting[0] if len(fitting) == 1 else ""
