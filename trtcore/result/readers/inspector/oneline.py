"""The inspector's one-line text form, parsed into the structure of its JSON.

TensorRT prints this form with ``LayerInformationFormat.ONELINE``, with ``trtexec --dumpLayerInfo``
and in the builder's verbose log, where it is the only form that needs no GPU.
"""

from __future__ import annotations

import re
from typing import Any

_SECTION = re.compile(r"^(layers|bindings|i/o tensors|engine metadata):\s*$", re.IGNORECASE)
# The form has no quotes: names can hold commas and brackets, so a field ends where the next one's
# key begins, not at a comma.
_LAYER = re.compile(r"^Name: (?P<name>.*?), LayerType: (?P<layertype>[^,]*)(?P<rest>.*)$")
_LISTS = re.compile(r", (Inputs|Constants|Outputs): \[( \{.*?\})?\]")
_TENSOR = re.compile(r"\{ Name: (.*?), (?:Location: [^,]*, )?Dimensions: \[([-\d, ]*)\](.*?) ?\}")
# 64 bits hold 18 digits at least, and Python refuses to convert thousands of them.
_DIMENSION = re.compile(r"-?\d{1,18}")
_JOINED = re.compile(r"Format/Datatype: (.*)$")
_SPLIT = re.compile(r"Datatype: ([^,]*), Format: (.*)$")
_TACTIC = re.compile(r", TacticName: (.*?)(?=, [A-Z]\w+: |$)")
_STREAM = re.compile(r", StreamId: (-?\d{1,9})\b")
_METADATA = re.compile(r", Metadata: (.*)$")
_IO = re.compile(r"^ ?Name: (.*?), IOMode: (\w+), DataType: ([^,]*), Dimensions: \[([-\d, ]*)\]")
_IO_FORMAT = re.compile(r"Format: ([^}]*?) ?\}")


def parse_text(text: str) -> dict[str, Any]:
    """Returns the tree that the JSON form of the same engine has, as far as trtcore reads it.

    Lines are cut at newlines only: the separators inside ``Metadata`` (U+001E, U+001F) count as
    line ends for ``str.splitlines``.
    """
    tree: dict[str, Any] = {"Layers": [], "Bindings": [], "I/O Tensors": [], "Engine Metadata": []}
    section = "Layers"
    for line in text.split("\n"):
        heading = _SECTION.match(line)
        if heading:
            section = next(key for key in tree if key.lower() == heading[1].lower())
        elif line.strip():
            tree[section].append(_parse_line(section, line.rstrip("\r")))
    return {key: rows for key, rows in tree.items() if rows or key == "Layers"}


def _parse_line(section: str, line: str) -> Any:
    if section == "Layers":
        return _parse_layer(line)
    return _parse_io(line) if section == "I/O Tensors" else line.strip()


def _parse_layer(line: str) -> Any:
    match = _LAYER.match(line)
    if not match:
        return line  # a plan with verbosity LAYER_NAMES_ONLY has nothing but the name
    rest = match["rest"]
    layer: dict[str, Any] = {"Name": match["name"], "LayerType": match["layertype"]}
    for key, tensors in _LISTS.findall(rest):
        layer[key] = [_parse_tensor(*parts) for parts in _TENSOR.findall(tensors)]
    for key, pattern in (("TacticName", _TACTIC), ("StreamId", _STREAM), ("Metadata", _METADATA)):
        value = pattern.search(rest)
        if value:
            layer[key] = int(value[1]) if key == "StreamId" else value[1]
    return layer


def _parse_tensor(name: str, dimensions: str, rest: str) -> dict[str, Any]:
    tensor: dict[str, Any] = {"Name": name, "Dimensions": _numbers(dimensions)}
    joined, split = _JOINED.search(rest), _SPLIT.search(rest)
    if joined:
        tensor["Format/Datatype"] = joined[1]
    elif split:
        tensor["Datatype"], tensor["Format"] = split.groups()
    return tensor


def _parse_io(line: str) -> dict[str, Any]:
    match = _IO.match(line)
    if not match:
        return {"Name": line.strip()}
    name, mode, dtype, dimensions = match.groups()
    formats = [{"Format": text} for text in _IO_FORMAT.findall(line)]
    head = {"Name": name, "IOMode": mode, "DataType": dtype}
    return {**head, "Dimensions": _numbers(dimensions), "ProfileInfo": formats}


def _numbers(text: str) -> list[int]:
    """The dimensions of a tensor; none where they are not all numbers, as of one unknown."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [int(part) for part in parts] if all(map(_DIMENSION.fullmatch, parts)) else []
