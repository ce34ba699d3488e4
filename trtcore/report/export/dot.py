"""The engine as a picture: Graphviz's language, and SVG where Graphviz is installed.

A box is a layer, its colour its part of the time and its border the kind of its work; frames are
the blocks of the model. Source: the DOT language, https://graphviz.org/doc/info/lang.html.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from math import isfinite

from trtcore.errors import ResultError
from trtcore.report.content.engine_graph import EdgeSource, EngineGraph, engine_graph
from trtcore.report.content.printable import printable, printable_text
from trtcore.report.content.rows.hierarchy import names_at, roll_up
from trtcore.report.content.rows.kinds import kind_colour
from trtcore.report.content.rows.labels import layer_nodes, row_labels
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile
from trtcore.result.types.layer_types import layer_dtype

# A box is as wide as the words that most layers have; longer ones take another line, and from the
# fourth on are in the tooltip only.
_LINE, _LINES = 26, 3
_NAME_LENGTH = 60
# Layers of other blocks within a frame's run. A trade-off: more would draw a block that is used
# twice as one frame, around all that lies between.
_INTERRUPTION = 3
# Readers of one layer that get an arrow each. A mask or a constant that every block reads would
# cover the picture with lines; five are what a branch of a network has.
_MOST_READERS = 5
# The share at which a box has the full colour: in networks of over a hundred layers few have more.
# Where no layer has as much, the longest one has it: all boxes of a transformer would be white.
_HOTTEST = 0.1
_EDGES = {
    EdgeSource.TENSORS: "",
    EdgeSource.NODES: "arrows by the model's tensors, as the layers do not tell theirs",
    EdgeSource.ORDER: "dashed arrows: order of execution, as no tensors are known",
}
_HEAD = """\
 graph [rankdir=TB, ranksep=0.25, nodesep=0.15, compound=true, fontname="Helvetica", fontsize=13,
        labelloc=t, labeljust=l, newrank=false]
 node [shape=box, style="filled,rounded", penwidth=2, fontname="Helvetica", fontsize=10,
       margin="0.08,0.04", height=0.3]
 edge [arrowsize=0.6, color="#808080"]
"""


def render_dot(profile: Profile | Analysis) -> str:
    """Returns the engine's graph in Graphviz's language, with the time of every layer."""
    analysis = Analysis.of(profile)
    # Names come from files: escaped, a control character is no invalid SVG either.
    analysis = analysis.reused_for(printable(analysis.profile))
    graph = engine_graph(analysis)
    lines = [
        "digraph engine {",
        _HEAD + f' label="{_title(analysis, graph)}"',
        *_blocks(analysis, graph),
        *_edges(graph),
        "}",
    ]
    return "\n".join(lines) + "\n"


def render_svg(profile: Profile | Analysis) -> str:
    """Returns `render_dot` as SVG, laid out by Graphviz.

    Raises:
        ResultError: Graphviz is not installed, or fails.
    """
    program = shutil.which("dot")
    if program is None:
        raise ResultError(
            "format svg needs Graphviz's program dot, which is not on PATH: install the package "
            "graphviz, or take format dot"
        )
    text = render_dot(profile)
    ran = subprocess.run([program, "-Tsvg"], input=text.encode(), capture_output=True, check=False)
    if ran.returncode:
        last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise ResultError(f"Graphviz's dot failed: {' '.join(last) or ran.returncode}")
    return ran.stdout.decode()


def _title(analysis: Analysis, graph: EngineGraph) -> str:
    profile = analysis.profile
    total = sum(row.own_ms for row in analysis.rows)
    words = [profile.model.name, profile.timed_by.label, profile.precision]
    kinds = names_at(analysis, "type")
    legend: dict[str, list[str]] = {}
    for kind in dict.fromkeys(kinds[i] for i in graph.layers):
        legend.setdefault(kind_colour(kind).name, []).append(kind)
    shown = "; ".join(f"{colour}: {', '.join(names)}" for colour, names in legend.items())
    lines = [
        " ".join(filter(None, words)) + f": {len(graph.layers)} layers, {total:.4f} ms",
        f"border {shown}",
        f"fill white to red: {_heat_words(_hottest(analysis))}",
        _EDGES[graph.source],
    ]
    return "".join(f"{_escape(line)}\\l" for line in lines if line)


def _blocks(analysis: Analysis, graph: EngineGraph) -> Iterator[str]:
    """The boxes, those of each block in a frame of their own."""
    boxes = _boxes(analysis, graph)
    for number, (name, places) in enumerate(_frames(analysis, graph)):
        ms = sum(analysis.rows[i].own_ms for i in places)
        yield f" subgraph cluster_{number} {{"
        yield f'  label="{_escape(name)}  {ms:.4f} ms"; style=rounded; color="#b0b0b0"'
        yield from (boxes[i] for i in places)
        yield " }"


def _frames(analysis: Analysis, graph: EngineGraph) -> list[tuple[str, list[int]]]:
    """The blocks with their layers; one that is left for long has several frames."""
    homes = {i: bucket.name for bucket in roll_up(analysis, "block") for i in bucket.layers}
    frames: list[tuple[str, list[int]]] = []
    open_frames: dict[str, list[int]] = {}
    for i in graph.layers:
        name = homes[i]
        if name not in open_frames or i - open_frames[name][-1] > _INTERRUPTION:
            open_frames[name] = []
            frames.append((name, open_frames[name]))
        open_frames[name].append(i)
    return frames


def _boxes(analysis: Analysis, graph: EngineGraph) -> dict[int, str]:
    profile, kinds = analysis.profile, names_at(analysis, "type")
    labels = dict(zip(graph.layers, row_labels(analysis, graph.layers), strict=True))
    home = {i: group for group in analysis.fusion.groups for i in group.layers}
    hidden, hottest = _hidden(graph), _hottest(analysis)
    boxes = {}
    for i in graph.layers:
        layer, row = profile.layers[i], analysis.rows[i]
        share = row.share if isfinite(row.share) else 0.0
        figures = f"{row.own_ms:.4f} ms, {share:.1%}"
        lines = [*_folded(labels[i]), " ".join(filter(None, (figures, layer_dtype(layer))))]
        if i in hidden:
            lines.append(f"and {hidden[i]} more readers")
        nodes = ", ".join(layer_nodes(layer, home.get(i)))
        tip = "\n".join(filter(None, (layer.name, layer.tactic, nodes)))
        look = f'fillcolor="{_heat(share / hottest)}", color="{kind_colour(kinds[i]).rgb}"'
        text = "\n".join(lines)
        boxes[i] = f'  n{i} [label="{_escape(text)}", tooltip="{_escape(tip)}", {look}]'
    return boxes


def _edges(graph: EngineGraph) -> Iterator[str]:
    style = ", style=dashed" if graph.source is EdgeSource.ORDER else ""
    hidden, drawn = _hidden(graph), set()
    for edge in graph.edges:
        # Only the first of many: it places the layer above those that read it.
        if edge.start in hidden and edge.start in drawn:
            continue
        drawn.add(edge.start)
        yield f' n{edge.start} -> n{edge.end} [tooltip="{_escape(edge.tensor)}"{style}]'


def _hidden(graph: EngineGraph) -> dict[int, int]:
    """How many arrows are not drawn, by the layer that they would begin at."""
    readers: dict[int, set[int]] = {}
    for edge in graph.edges:
        readers.setdefault(edge.start, set()).add(edge.end)
    return {i: len(ends) - 1 for i, ends in readers.items() if len(ends) > _MOST_READERS}


def _folded(label: str) -> list[str]:
    """A label in lines of about one width."""
    lines = [""]
    for word in label.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= _LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"... {lines[-1]}"]
    return [line if len(line) <= _NAME_LENGTH else f"{line[:_NAME_LENGTH]}..." for line in lines]


def _hottest(analysis: Analysis) -> float:
    """The share that has the full colour: the longest layer's, at most `_HOTTEST`; never 0."""
    shares = [row.share for row in analysis.rows if isfinite(row.share)]
    return min(max(shares, default=0.0), _HOTTEST) or _HOTTEST


def _heat_words(hottest: float) -> str:
    """What the full colour stands for."""
    if hottest < _HOTTEST:
        return f"0 to {hottest:.1%} of the time, the longest layer's"
    return f"0 to {hottest:.0%} of the time and more"


def _heat(part: float) -> str:
    """White for no time, to red."""
    part = min(part, 1.0)
    red, green, blue = (round(255 - part * (255 - end)) for end in (0xFF, 0x7A, 0x5C))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _escape(text: str) -> str:
    """A text for a quoted string: only quotes and backslashes mean anything in it."""
    plain = printable_text(text.replace("\n", "\0")).replace(printable_text("\0"), "\n")
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
