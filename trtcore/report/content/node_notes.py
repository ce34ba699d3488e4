"""What a profile says of each node of the model: the notes of an annotated model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import NamedTuple

from trtcore.report.content.facts.findings import finding_text
from trtcore.report.content.facts.method import method_text
from trtcore.report.content.rows.hierarchy import group_labels
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.fusion.groups import Group
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import Profile
from trtcore.result.types.layer_types import layer_dtype

_JOINER = " + "
# Six significant digits: what trtexec writes, and more than any timer resolves.
_DIGITS = ".6g"


@dataclass(frozen=True)
class _Node:
    """A node with all that its notes are made of."""

    name: str
    group: Group
    label: str
    analysis: Analysis

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The layers that it runs in: those that name it, else all of its group."""
        named = tuple(i for i in self.group.layers if self.name in self._layer(i).nodes)
        return named or self.group.layers

    @property
    def layers(self) -> list[Layer]:
        return [self._layer(i) for i in self.places]

    @cached_property
    def others(self) -> int:
        """How many other nodes run in the same layers."""
        named = {node for layer in self.layers for node in layer.nodes}
        return len((named or set(self.group.nodes)) - {self.name})

    def _layer(self, place: int) -> Layer:
        return self.analysis.profile.layers[place]

    def ms(self, places: Iterable[int]) -> float:
        """The time of some layers in all."""
        return sum(self.analysis.rows[i].own_ms for i in places)

    @property
    def findings(self) -> list[str]:
        """What could be saved in its layers, the largest saving first."""
        wall = self.analysis.latency.wall
        latency_ms = wall.median_ms if wall else sum(self.analysis.layer_times)
        found = (one for one in self.analysis.findings if set(one.layers) & set(self.places))
        return [finding_text(one, latency_ms) for one in found]

    @property
    def share(self) -> float:
        return sum(self.analysis.rows[i].share for i in self.places)


class Note(NamedTuple):
    """A note of a node.

    Attributes:
        key: of its entry in the metadata, without the prefix.
        text: its value; ``""`` for nothing to say.
    """

    key: str
    text: Callable[[_Node], str]


NOTES: tuple[Note, ...] = (
    Note("time_ms", lambda node: _number(node.ms(node.places))),
    Note("share", lambda node: "" if isnan(node.share) else f"{node.share:.2%}"),
    Note("precision", lambda node: _distinct(layer_dtype(layer) for layer in node.layers)),
    Note("tactic", lambda node: _distinct(layer.tactic for layer in node.layers)),
    Note("layers", lambda node: _distinct(layer.name for layer in node.layers)),
    Note("shared_with", lambda node: _others(node.others)),
    Note("finding", lambda node: "; ".join(node.findings)),
    Note("group", lambda node: node.label),
    Note("group_ms", lambda node: _number(node.ms(node.group.layers))),
)
"""Every note of a node that takes time. A node of a fused layer has the time of the whole layer."""


def node_notes(profile: Profile | Analysis) -> dict[str, dict[str, str]]:
    """Returns the notes of each model node by their key, those that say nothing left out.

    A node without a layer of its own has ``state``: folded into a constant, eliminated or unknown.

    Raises:
        ResultError: a model node is there twice.
    """
    analysis = Analysis.of(profile)
    fusion = analysis.fusion
    labels = group_labels(analysis)
    found = {
        name: _texts(_Node(name, group, labels[group.nodes], analysis))
        for group in fusion.groups
        for name in group.nodes
    }
    for state, names in (
        ("folded into a constant", fusion.folded),
        ("eliminated", fusion.eliminated),
        ("not found in the engine", fusion.unknown),
    ):
        found |= {name: {"state": state} for name in names}
    return found


def run_notes(profile: Profile | Analysis) -> dict[str, str]:
    """Returns what the times of the nodes are of, for the model as a whole."""
    analysis = Analysis.of(profile)
    known, where = analysis.profile, analysis.profile.environment
    wall = analysis.latency.wall
    notes = {
        "backend": known.timed_by.label,
        "precision": known.precision,
        "batch": str(known.batch) if known.batch else "",
        "device": where.device or where.cpu,
        "runtime": where.runtime,
        "date": where.date,
        "method": method_text(known),
        "layers_ms": _number(sum(row.own_ms for row in analysis.rows)),
        "latency_ms": "" if wall is None else _number(wall.median_ms),
    }
    return {key: text for key, text in notes.items() if text}


def notes_text(notes: Mapping[str, str]) -> list[str]:
    """Returns the notes of a node as lines to read."""
    if "state" in notes:
        return [notes["state"]]
    head = [f"{notes['time_ms']} ms", *(notes[k] for k in ("share", "precision") if k in notes)]
    of = f" ({notes['shared_with']} in the same layer)" if "shared_with" in notes else ""
    rest = [f"{key}: {notes[key]}" for key in ("tactic", "layers", "finding") if key in notes]
    return [", ".join(head) + of, f"group: {notes['group']}, {notes['group_ms']} ms", *rest]


def _texts(node: _Node) -> dict[str, str]:
    texts = ((note.key, note.text(node)) for note in NOTES)
    return {key: text for key, text in texts if text}


def _others(count: int) -> str:
    return f"{count} other node{'s' * (count != 1)}" if count else ""


def _number(ms: float) -> str:
    return f"{ms:{_DIGITS}}"


def _distinct(words: Iterable[str]) -> str:
    return _JOINER.join(dict.fromkeys(filter(None, words)))
