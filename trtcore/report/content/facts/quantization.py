"""What a report says of a quantized engine: few bits, quantization time, and what stayed wide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from trtcore.errors import few
from trtcore.report.content.rows.labels import layer_labels
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.quantization import Quantization, find_quantization
from trtcore.result.records.layers import Layer, LayerProfile, ModelNode
from trtcore.result.types.dtypes import DTYPES, numpy_name
from trtcore.result.types.layer_types import layer_dtype, multiplies

Fact = tuple[str, str]

_MOST_OPERATORS = 4
_MOST_STAYED = 8


def quantization_facts(analysis: Analysis) -> tuple[Fact, ...]:
    """Returns what is quantized in an engine that ran, with times; nothing if nothing is."""
    profile = analysis.profile
    if profile.timed_by.is_unfused:
        return ()
    rows = analysis.rows if profile.counts.measured else ()
    return facts_of_layers(profile.layers, profile.model.nodes, rows)


def facts_of_layers(
    layers: Sequence[Layer], nodes: Sequence[ModelNode], rows: Sequence[LayerProfile] = ()
) -> tuple[Fact, ...]:
    """Returns the same for the layers of an engine.

    Args:
        layers: as the inspector tells them.
        nodes: of the model; empty if it is not known.
        rows: what each layer cost; empty if it did not run.
    """
    found = find_quantization(layers, nodes)
    if found is None:
        return ()
    return (
        ("Quantized", _computed(found, layers, rows)),
        ("Quantization", _spent(found, rows)),
        *_stayed(found, layers, rows),
    )


def _computed(found: Quantization, layers: Sequence[Layer], rows: Sequence[LayerProfile]) -> str:
    products = [i for i in (*found.computes, *found.stayed) if multiplies(layers[i])]
    types = Counter(_label(layers[i]) for i in products)
    quantized = Counter(_label(layers[i]) for i in found.computes)
    text = ", ".join(f"{count} in {label}" for label, count in types.most_common()) or "none"
    whole = ", ".join(f"{count} in {label}" for label, count in quantized.most_common()) or "none"
    time = _time(found.computes, rows)
    return f"{text} of {len(products)} layers that multiply; of all layers {whole}{time}"


def _spent(found: Quantization, rows: Sequence[LayerProfile]) -> str:
    only = f"{_count(len(found.only), 'kernel')} only quantize or dequantize"
    only += _time(found.only, rows)
    if not found.fused:
        return only
    what = (
        few(found.beside, _MOST_OPERATORS) if found.beside else "work that the plan does not tell"
    )
    return f"{only}; {len(found.fused)} more do it beside {what}{_time(found.fused, rows)}"


def _stayed(
    found: Quantization, layers: Sequence[Layer], rows: Sequence[LayerProfile]
) -> tuple[Fact, ...]:
    """What stayed in each wider type: products first, as they are what quantizing is for."""
    labels = layer_labels(layers)
    facts = []
    for label in dict.fromkeys(_label(layers[i]) for i in found.stayed):
        places = [i for i in found.stayed if _label(layers[i]) == label]
        places.sort(key=lambda i: (not multiplies(layers[i]), -rows[i].own_ms if rows else 0.0))
        names = [labels[i] + (f" {rows[i].own_ms:.4f} ms" if rows else "") for i in places]
        text = f"{_count(len(places), 'layer')}{_time(places, rows)}: {few(names, _MOST_STAYED)}"
        facts.append((f"Stayed in {label}", text))
    return tuple(facts)


def _label(layer: Layer) -> str:
    """The type of a layer as people ask for it: ``INT8``."""
    word = layer_dtype(layer)
    row = DTYPES.get(numpy_name(word))
    return (row.label if row else "") or word


def _time(places: Sequence[int], rows: Sequence[LayerProfile]) -> str:
    if not rows:
        return ""
    part = sum(rows[i].share for i in places)
    return f", {sum(rows[i].own_ms for i in places):.4f} ms, {part:.1%} of time"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
