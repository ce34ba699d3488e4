"""The formats of a report: one row each, from which ``trtcore report --format`` is made.

Imports nothing heavy, because ``--help`` lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from trtcore.system.lazy import lazily


class Format(NamedTuple):
    """A format of a report.

    Attributes:
        help: a few words for ``--help``.
        render: from a profile to the text, its last line ended; takes ``sort``, ``top`` and
            ``group_by`` and ``full_names`` too if it ``takes_view``.
        takes_view: rows can be sorted, grouped and cut; without it every layer is written.
        show: prints a profile on a console, fitted to it; None to write the text as it is.
        left_out: one line on what the format cannot hold of a profile; ``""`` for nothing.
        of_precisions: the same for a comparison of precisions; None if it cannot hold one.
        is_binary: ``render`` returns bytes, which belong into a file.
    """

    help: str
    render: Callable[..., str | bytes]
    takes_view: bool = False
    show: Callable[..., None] | None = None
    left_out: Callable[[Any], str] | None = None
    of_precisions: Format | None = None
    is_binary: bool = False


def _line(render: Callable[..., str]) -> Callable[..., str]:
    """Ends the last line of a table, which its renderer leaves open."""
    # Renderers return text without it, as `print` adds its own.
    return lambda *given, **view: render(*given, **view) + "\n"


FORMATS: Mapping[str, Format] = {
    "table": Format(
        "what profile prints",
        _line(lazily("trtcore.report.terminal.profile", "render_table")),
        takes_view=True,
        show=lazily("trtcore.report.terminal.profile", "print_table"),
        of_precisions=Format(
            "what profile --compare prints",
            _line(lazily("trtcore.report.terminal.precisions", "render_precisions")),
            show=lazily("trtcore.report.terminal.precisions", "print_precisions"),
        ),
    ),
    "plain": Format(
        "the same without colours and bars, as in a pipe",
        _line(lazily("trtcore.report.terminal.profile", "render_table")),
        takes_view=True,
        of_precisions=Format(
            "the same of precisions",
            _line(lazily("trtcore.report.terminal.precisions", "render_precisions")),
        ),
    ),
    "markdown": Format(
        "a table for a pull request",
        lazily("trtcore.report.export.profile_markdown", "profile_markdown"),
        takes_view=True,
    ),
    "json": Format(
        "the rows with every figure",
        lazily("trtcore.report.export.profile_json", "profile_json"),
        takes_view=True,
    ),
    "csv": Format("a line per layer", lazily("trtcore.report.export.csv", "render_csv")),
    "trtexec-profile": Format(
        "trtexec's --exportProfile", lazily("trtcore.report.export.trtexec", "export_profile")
    ),
    "trtexec-layers": Format(
        "its --exportLayerInfo", lazily("trtcore.report.export.trtexec", "export_layer_info")
    ),
    "trtexec-layers-list": Format(
        "the same as a list, for NVIDIA's trt-perf-analysis",
        lazily("trtcore.report.export.trtexec", "export_layer_list"),
    ),
    "trtexec-times": Format(
        "its --exportTimes",
        lazily("trtcore.report.export.trtexec", "export_times"),
        left_out=lazily("trtcore.report.export.trtexec", "times_left_out"),
    ),
    "npz": Format(
        "the samples as NumPy arrays",
        lazily("trtcore.report.export.npz", "render_npz"),
        left_out=lazily("trtcore.report.export.npz", "npz_left_out"),
        is_binary=True,
    ),
    "perfetto": Format(
        "a trace for ui.perfetto.dev",
        lazily("trtcore.report.export.perfetto", "render_trace"),
        left_out=lazily("trtcore.report.export.perfetto", "trace_left_out"),
    ),
    "dot": Format(
        "the engine's graph with times, for Graphviz",
        lazily("trtcore.report.export.dot", "render_dot"),
    ),
    "svg": Format(
        "the same as a picture, by Graphviz", lazily("trtcore.report.export.dot", "render_svg")
    ),
}
"""Every format by name; the first is the default."""


def default_format() -> str:
    """The format if none is requested."""
    return next(iter(FORMATS))


def formats_help() -> str:
    """Every format with its description, for ``--help``."""
    # argparse formats help texts with the % operator, so a percent sign is doubled.
    entries = [f"{name} ({row.help})" for name, row in FORMATS.items()]
    return f"{', '.join(entries)}; default: {default_format()}".replace("%", "%%")
