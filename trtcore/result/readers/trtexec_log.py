"""A log of ``trtexec --dumpProfile``: the table under ``=== Profile (N iterations ) ===``.

Source: sampleReporting.cpp of NVIDIA/TensorRT, 8.4 to 11. Up to 8.5 a row begins with the layer's
name, from 8.6 on it ends with it; a median is there from 8.4 on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from trtcore.errors import ResultError
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.readers.single_figures import missing_rows
from trtcore.result.readers.trtexec import TrtexecRow, make_trtexec_profile
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import Profile

# The logger's ``[01/02/2026-03:04:09] [I] ``, and what a container or a CI service puts before it.
_PREFIX = re.compile(r"^.*?(?:\[\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d\] )?\[[IVWE]\] (?=\s*\S)", re.M)
# What a CI service puts before a log that has no such prefixes.
_STAMP = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)? ?", re.M)
# Lines of TensorRT itself, and warnings, which come between the rows of the table.
_OTHERS = re.compile(r"^.*?(?:\[[IVWE]\] \[TRT\]|\[[VWE]\] ).*\n?", re.M)
_TITLE = re.compile(r"^\s*=== Profile \((\d{1,15}) iterations ?\) ===\s*$", re.M)
# The same behind something else, over the line of headings.
_PREFIXED = re.compile(r"^(.+?)=== Profile \(\d{1,15} iterations ?\) ===\s*\n.*\bLayer\b", re.M)
_FIGURE = r"(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|-?nan|inf)"
_TOTAL = "Total"


class _Columns(NamedTuple):
    """How a row is read, by the words of the line under the title."""

    is_name_first: bool
    has_median: bool

    @property
    def row(self) -> re.Pattern[str]:
        figures = r"\s+".join([f"({_FIGURE})"] * (4 if self.has_median else 3))
        name = r"(\S.*?)"
        text = rf"\s*{name}\s+{figures}\s*" if self.is_name_first else rf"\s*{figures}\s+{name}\s*"
        return re.compile(text)


def is_trtexec_log(text: str) -> bool:
    """Whether a text holds the table that ``trtexec --dumpProfile`` prints."""
    return _TITLE.search(_bare(text)) is not None


def parse_trtexec_log(
    text: str, source: str = "trtexec log", known: EngineInformation | None = None
) -> Profile:
    """Reads the table; medians where there are any (TensorRT 8.4 on), else averages.

    Args:
        text: the log, with or without the logger's prefixes.
        source: where it came from.
        known: the exported layer information of the same engine.

    Raises:
        ResultError: two tables, no rows, or a line in the table that is no row.
    """
    bare = _bare(text)
    titles = list(_TITLE.finditer(bare))
    if len(titles) > 1:
        raise ResultError(f"{source}: has {len(titles)} profile tables; keep the log of one run")
    lines = bare[titles[0].end() :].strip("\n").splitlines()
    columns = _columns(lines[0] if lines else "", source)
    rows = list(_rows(lines[1:], columns, source))
    total = next((row for row in rows if row.name == _TOTAL), None)
    layers = [row for row in rows if row.name != _TOTAL]
    # A total of averages is their sum; a total of medians is the median of the iterations' sums.
    whole = total.average_ms if total else None
    averages = [(Layer(row.name), row.average_ms) for row in layers]
    return make_trtexec_profile(
        layers,
        source=source,
        known=known,
        iterations=int(titles[0][1]),
        warnings=missing_rows(averages, whole, _TOTAL),
    )


def _bare(text: str) -> str:
    """A log without what the logger puts before its lines, and without other messages."""
    bare = _STAMP.sub("", _PREFIX.sub("", _OTHERS.sub("", text)))
    return bare if _TITLE.search(bare) else _without_prefix(bare)


def _without_prefix(text: str) -> str:
    """A log without what every line begins with: a name, a time in any form, a line's number."""
    title = _PREFIXED.search(text)
    if title is None:
        return text
    # Numbers count on, or have another width.
    shape = re.sub(r"\d+", r"\\d+", re.escape(title[1]))
    # Between two numbers there is a blank: without, a line of digits has countless ways to fit.
    shape = re.sub(r"(?<=\\d\+)(?:\\ )+(?=\\d)", r" +", shape)
    shape = re.sub(r"(?:\\ )+", r" *", shape)
    return re.sub(rf"^{shape}", "", text, flags=re.M)


def _columns(head: str, source: str) -> _Columns:
    words = head.split()
    if "Layer" not in words:
        raise ResultError(f"{source}: the profile table has no line of headings; log it again")
    return _Columns(words[0] == "Layer", "Median" in head)


def _rows(lines: list[str], columns: _Columns, source: str) -> Iterator[TrtexecRow]:
    """The rows up to the total; the table ends with an empty line where that is missing."""
    pattern = columns.row
    for line in lines:
        if not line.strip():
            return
        match = pattern.fullmatch(line)
        if match is None:
            raise ResultError(
                f"{source}: {line.strip()[:60]!r} in the profile table is no row of "
                f"{pattern.groups} columns; log it again, or use trtexec --exportProfile"
            )
        row = _row(match.groups(), columns)
        yield row
        if row.name == _TOTAL:
            return


def _row(cells: tuple[str, ...], columns: _Columns) -> TrtexecRow:
    name = cells[0] if columns.is_name_first else cells[-1]
    figures = cells[1:] if columns.is_name_first else cells[:-1]
    return TrtexecRow(name, float(figures[1]), float(figures[2]) if columns.has_median else None)
