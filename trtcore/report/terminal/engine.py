"""The contents of an engine: I/O tensors, layers with their model nodes, formats and tactics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trtcore.report.content.facts.facts import engine_text, io_lines, place_facts, shapes_text
from trtcore.report.content.facts.precision import build_facts, precision_facts
from trtcore.report.content.facts.quantization import facts_of_layers
from trtcore.report.content.printable import printable
from trtcore.report.content.rows.labels import layer_labels
from trtcore.report.terminal.layout import plain_text
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.fusion.groups import FusionMap
from trtcore.result.analysis.fusion.reasons import Reason
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.records.build import Build
from trtcore.result.records.layers import Layer, ModelNode, TensorInfo, is_marker
from trtcore.result.records.profile import Profile

if TYPE_CHECKING:
    from rich.table import Table


def render_inspection(result: Profile | Analysis) -> str:
    """Returns the contents of the engine of a saved result, without its times."""
    analysis = Analysis.of(result)
    # What was computed from the unescaped profile holds for the escaped one.
    profile = printable(analysis.profile)
    analysis = analysis.reused_for(profile)
    is_engine = not profile.timed_by.is_unfused
    quantized = facts_of_layers(profile.layers, profile.model.nodes) if is_engine else ()
    facts = (*precision_facts(profile), *quantized, *place_facts(analysis), *_node_lists(analysis))
    lines = [f"{label}: {text}" for label, text in facts]
    return _join(io_lines(profile.io), _layer_lines(profile.layers), lines)


def render_plan(
    build: Build,
    information: EngineInformation | None,
    *,
    with_layers: bool = True,
    nodes: Sequence[ModelNode] = (),
) -> str:
    """Returns the contents of an engine.

    Args:
        build: how it was built.
        information: of the engine inspector; None if it reported nothing.
        with_layers: list its layers too.
        nodes: of the model it was built from, if that is known.
    """
    build, information = printable(build), printable(information)
    facts = [f"Engine: {engine_text(build)}"]
    facts += [f"Shapes: {shapes_text(build)}"] if build.shape_ranges else []
    facts += [f"{label}: {text}" for label, text in build_facts(build)]
    if information is None:
        return _join(facts, ["the engine inspector reported nothing about it"])
    quantized = facts_of_layers(information.layers, printable(tuple(nodes)))
    facts += [f"{label}: {text}" for label, text in quantized]
    layers = _layer_lines(information.layers) if with_layers else []
    return _join(io_lines(information.io), layers, _verdict(information), facts)


def _node_lists(analysis: Analysis) -> list[tuple[str, str]]:
    """All nodes that no layer runs; none of a model that was run node by node."""
    profile = analysis.profile
    if profile.timed_by.is_unfused or not profile.model.nodes:
        return []
    fusion = analysis.fusion
    lists = (
        ("Folded into constants", fusion.folded),
        ("Eliminated", fusion.eliminated),
        ("Unknown", fusion.unknown),
    )
    return [part for label, nodes in lists for part in _by_reason(label, nodes, fusion)]


def _by_reason(label: str, nodes: Sequence[str], fusion: FusionMap) -> list[tuple[str, str]]:
    """The nodes of a list, one line per reason."""
    lines: dict[Reason, list[str]] = {}
    for node in nodes:
        lines.setdefault(fusion.reasons[node], []).append(node)
    return [(f"{label} ({reason.value})", ", ".join(names)) for reason, names in lines.items()]


def _join(*blocks: Sequence[str]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _verdict(information: EngineInformation) -> list[str]:
    if information.verbosity == "DETAILED":
        return []
    return [
        f"Built with profiling verbosity {information.verbosity}: no model nodes, formats or "
        "tactics; rebuild with DETAILED to see them."
    ]


def _layer_lines(layers: Sequence[Layer]) -> list[str]:
    shown = [(i, layer) for i, layer in enumerate(layers) if not is_marker(layer)]
    # Positions keep those of the markers left out, so that they agree with other reports.
    lines = [plain_text(lambda console: console.print(_layer_table(shown)))]
    markers = len(layers) - len(shown)
    return [*lines, f"and {markers} stream sync layers"] if markers else lines


def _layer_table(shown: Sequence[tuple[int, Layer]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("#", justify="right")
    for heading in ("Layer", "Kind", "Stream", "Inputs", "Outputs", "Tactic"):
        table.add_column(heading, no_wrap=True)
    labels = layer_labels([layer for _, layer in shown])
    for (index, layer), label in zip(shown, labels, strict=True):
        # -1 where the plan does not report the stream.
        stream = str(layer.stream) if layer.stream >= 0 else ""
        tensors = (_tensors(layer.inputs), _tensors(layer.outputs))
        cells = (str(index), label, layer.kind, stream, *tensors, layer.tactic)
        table.add_row(*map(Text, cells))
    return table


def _tensors(tensors: Sequence[TensorInfo]) -> str:
    return ", ".join(
        " ".join(filter(None, (t.dtype, t.format, "x".join(map(str, t.shape))))) for t in tensors
    )
