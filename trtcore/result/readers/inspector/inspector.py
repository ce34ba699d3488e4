"""What TensorRT's engine inspector reports of a plan: layers, I/O tensors, verbosity.

Reads every shape that ``IEngineInspector.get_engine_information`` has had: the JSON of TensorRT 8
to 10 and that of 11 and TensorRT-RTX, a bare list of layers, the names-only forms, and the
one-line text.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trtcore.errors import ResultError
from trtcore.result.readers.inspector.oneline import parse_text
from trtcore.result.readers.inspector.tensor_words import short_dtype, short_format
from trtcore.result.records.layers import IOTensor, Layer, TensorInfo
from trtcore.system.json_text import read_json

# TensorRT puts these control characters between the entries of ``Metadata``.
_SEPARATORS = re.compile("[\x1e\x1f]")
# A node of a body is followed by what is around it: `relu | yes (then_branch) | choice (If)`.
_AROUND = re.compile(r"(?: \| .*? \(\w+\) \| .*? \((?:If|Loop|Scan)\))+$", re.DOTALL)
_NODE = re.compile(r"^\s*\[ONNX Layer: (.*)\]\s*$", re.DOTALL)
_LAYER_KEYS = ("layers", "layerinfo")


@dataclass(frozen=True)
class EngineInformation:
    """An engine as its inspector sees it.

    Attributes:
        layers: in the order of execution. A plan with several optimization profiles repeats them,
            with `` [profile 1]`` and so on after the names.
        io: the network's inputs and outputs; shape and type are empty where the plan only names
            them.
        verbosity: profiling verbosity of the plan: ``DETAILED``, ``LAYER_NAMES_ONLY`` or ``NONE``.
    """

    layers: tuple[Layer, ...]
    io: tuple[IOTensor, ...]
    verbosity: str


def parse_engine_information(source: str | dict[str, Any] | list[Any]) -> EngineInformation:
    """Reads the inspector's answer about a whole engine.

    Args:
        source: its text (JSON, also with raw control characters inside strings, or the one-line
            form), or the object that JSON stands for.

    Raises:
        ResultError: neither JSON nor the one-line form, or no list of layers in it.
    """
    tree = _read_tree(source)
    rows = tree if isinstance(tree, list) else _find_layers(tree)
    layers = tuple(_parse_layer(row, i) for i, row in enumerate(rows))
    head = _fold(tree) if isinstance(tree, dict) else {}
    return EngineInformation(layers, _parse_io(head, layers), _verbosity(head, rows))


def match_layers(layers: Sequence[Layer], profiler_names: Iterable[str]) -> tuple[Layer, ...]:
    """Returns the layer behind each row that the profiler reported.

    Both lists are in order of execution, so that names that repeat are told apart by their
    position among themselves. Layers that only one side has do no harm.

    Args:
        layers: as the inspector lists them.
        profiler_names: as the profiler reported them, in order.

    Returns:
        One layer per profiler row; ``Layer(name)`` where the inspector has none of that name.
    """
    waiting: dict[str, deque[Layer]] = defaultdict(deque)
    for layer in layers:
        waiting[layer.name].append(layer)
    return tuple(_take(waiting, name) for name in profiler_names)


def _take(waiting: dict[str, deque[Layer]], name: str) -> Layer:
    same = waiting.get(name)
    return same.popleft() if same else Layer(name)


def _read_tree(source: Any) -> Any:
    if not isinstance(source, str):
        return source
    if source.lstrip().startswith(("{", "[")):
        try:
            # Not strict: TensorRT writes control characters inside strings without escapes.
            return read_json(source, is_strict=False)
        except ValueError as error:
            raise ResultError(f"engine information is not JSON ({error})") from None
    if re.search(r"^(?:layers:|Name: .*, LayerType: )", source, re.IGNORECASE | re.MULTILINE):
        return parse_text(source)
    raise ResultError(
        f"engine information is {source[:40]!r}, expected the inspector's JSON or one-line text"
    )


def _find_layers(tree: Any) -> list[Any]:
    if not isinstance(tree, dict):
        raise ResultError(f"engine information is {str(tree)[:40]!r}, expected an object or a list")
    folded = _fold(tree)
    for key in _LAYER_KEYS:
        if isinstance(folded.get(key), list):
            layers: list[Any] = folded[key]
            return layers
    keys = ", ".join(map(repr, tree)) or "nothing"
    raise ResultError(f"engine information has no list 'Layers' (it has {keys:.80})")


def _parse_layer(row: Any, index: int) -> Layer:
    if isinstance(row, str):
        return Layer(row)
    if not isinstance(row, dict) or not isinstance(_fold(row).get("name"), str):
        raise ResultError(
            f"engine layer {index} is {str(row)[:60]!r}, expected an object or a name"
        )
    row = _fold(row)
    stream = row.get("streamid")
    return Layer(
        name=row["name"],
        kind=str(row.get("layertype", "")),
        nodes=parse_metadata(str(row.get("metadata") or "")),
        tactic=str(row.get("tacticname", "")),
        stream=stream if isinstance(stream, int) else -1,
        inputs=_parse_tensors(row.get("inputs")),
        outputs=_parse_tensors(row.get("outputs")),
        constant_types=_constant_types(row.get("constants")),
    )


def parse_metadata(text: str) -> tuple[str, ...]:
    """Returns the model nodes that a layer's ``Metadata`` names, each once, in its order."""
    matches = (_NODE.match(part) for part in _SEPARATORS.split(text))
    return tuple(dict.fromkeys(_AROUND.sub("", match[1]) for match in matches if match))


def _parse_tensors(rows: Any) -> tuple[TensorInfo, ...]:
    return tuple(_parse_tensor(_fold(row)) for row in rows or () if isinstance(row, dict))


def _constant_types(rows: Any) -> tuple[str, ...]:
    """The types of constants, each once, in the order of the largest of each."""
    constants = sorted(_parse_tensors(rows), key=lambda tensor: -math.prod(tensor.shape))
    return tuple(dict.fromkeys(tensor.dtype for tensor in constants if tensor.dtype))


def _parse_tensor(row: dict[str, Any]) -> TensorInfo:
    joined = str(row.get("format/datatype", ""))
    return TensorInfo(
        name=str(row.get("name", "")),
        shape=_shape(row.get("dimensions")),
        dtype=str(row.get("datatype") or short_dtype(joined)),
        format=short_format(str(row.get("format") or joined)),
    )


def _parse_io(head: dict[str, Any], layers: Sequence[Layer]) -> tuple[IOTensor, ...]:
    described = head.get("i/o tensors")
    # Older forms only name the bindings; their shapes are those of the layers at both ends.
    if isinstance(described, list):
        return tuple(_parse_io_tensor(_fold(row)) for row in described if isinstance(row, dict))
    names = [str(name) for name in head.get("bindings") or ()]
    read = {t.name: t for layer in layers for t in layer.inputs}
    written = {t.name: t for layer in layers for t in layer.outputs}
    return tuple(_binding(name, read, written) for name in names)


def _parse_io_tensor(row: dict[str, Any]) -> IOTensor:
    profiles = [_fold(info) for info in row.get("profileinfo") or () if isinstance(info, dict)]
    formats = (short_format(str(info["format"])) for info in profiles if "format" in info)
    return IOTensor(
        name=str(row.get("name", "")),
        shape=_shape(row.get("dimensions")),
        dtype=str(row.get("datatype", "")),
        format=next(formats, ""),
        mode=str(row.get("iomode", "input")).lower(),
    )


def _binding(name: str, read: dict[str, TensorInfo], written: dict[str, TensorInfo]) -> IOTensor:
    mode = "output" if name in written else "input"
    tensor = written.get(name) or read.get(name) or TensorInfo(name, (), "", "")
    return IOTensor(tensor.name, tensor.shape, tensor.dtype, tensor.format, mode)


def _verbosity(head: dict[str, Any], rows: list[Any]) -> str:
    stated = re.sub(r"^.*\bk", "", str(head.get("profilingverbosity") or ""))  # drops the enum's k
    if stated:
        return stated.upper()
    # Where it is not stated: details are only there if DETAILED, and a plan of NONE has numbers for
    # names.
    if any(isinstance(row, dict) and _fold(row).keys() - {"name", "metadata"} for row in rows):
        return "DETAILED"
    names = [row if isinstance(row, str) else str(_fold(row).get("name")) for row in rows]
    return "NONE" if names and all(name.isdecimal() for name in names) else "LAYER_NAMES_ONLY"


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, list) and all(type(n) is int for n in value) else ()


def _fold(row: dict[str, Any]) -> dict[str, Any]:
    """Keys in lower case: TensorRT 8's documents and its releases differ in it."""
    return {str(key).lower(): value for key, value in row.items()}
