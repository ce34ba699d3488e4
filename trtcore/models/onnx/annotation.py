"""Writes an ONNX file again with notes in its nodes, where viewers such as Netron show them."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, NodeProto, StringStringEntryProto, TensorProto

from trtcore.errors import ModelError, ResultError
from trtcore.models.model import Model
from trtcore.models.onnx.bodies import bodies
from trtcore.models.onnx.complete import complete_graph, without_functions
from trtcore.models.onnx.graph import name_nodes, save_onnx
from trtcore.models.onnx.walk import walk_nodes
from trtcore.system.files import check_readable, check_writable, write_file

PREFIX = "trtcore."
"""Begins the key of every note, so that a second run replaces those of the first."""
_MARK = "[trtcore] "
# Invalid as Unicode but possible in Python: names from other tools' files, escaped by Python.
_ESCAPED = "backslashreplace"


class NodeNotes(NamedTuple):
    """The notes of one node.

    Attributes:
        entries: for its metadata, by key.
        lines: for its doc string.
    """

    entries: Mapping[str, str]
    lines: Sequence[str]


class Annotated(NamedTuple):
    """How many nodes have notes, and how many there are."""

    noted: int
    all: int


def annotate_file(
    source: str | Path,
    path: str | Path,
    notes: Mapping[str, NodeNotes],
    of_model: Mapping[str, str],
) -> Annotated:
    """Writes a copy of an ONNX file with notes; weights and everything else are as they were.

    External data is not loaded. It is referred to where it lies if the copy is in the same folder,
    else its files are copied beside it.

    Args:
        source: the ONNX file.
        path: the copy.
        notes: by the name of the node, as `trtcore.models.onnx.graph.name_nodes` names it.
        of_model: entries for the metadata of the model.

    Raises:
        ModelError: the source is no ONNX file, none of its nodes has notes, or its external data is
            missing or elsewhere.
        ResultError: a file cannot be written, or another one is where external data has to go.
    """
    source = check_readable(source, ModelError)
    path = check_writable(path)
    try:
        proto = ModelProto.FromString(source.read_bytes())
    except DecodeError:
        raise ModelError(f"{source}: not an ONNX model, or truncated") from None
    count = _annotate(proto, str(source), notes, of_model)
    folder = Path(os.path.realpath(path)).parent
    if not folder.samefile(source.parent):
        # Before the model: one without its weights is broken.
        for location in sorted(set(_locations(proto))):
            _copy_data(source, location, folder)
    write_file(path, proto.SerializeToString())
    return count


def annotate_model(
    model: Model, path: str | Path, notes: Mapping[str, NodeNotes], of_model: Mapping[str, str]
) -> Annotated:
    """Writes a loaded model with notes, as `annotate_file` does a file.

    Raises:
        ModelError: none of its nodes has notes.
        ResultError: the file cannot be written.
    """
    proto = ModelProto()
    proto.CopyFrom(model.proto)
    count = _annotate(proto, model.name, notes, of_model)
    save_onnx(replace(model, proto=proto), path)
    return count


def _annotate(
    proto: ModelProto, source: str, notes: Mapping[str, NodeNotes], of_model: Mapping[str, str]
) -> Annotated:
    """Puts notes into the nodes of a graph, in place of those of an earlier run."""
    names = _names(proto)
    noted = sum(name in notes for name in names)
    if not noted:
        raise ModelError(
            f"{source}: none of its {len(names)} nodes is in the result; give the model that was "
            "profiled"
        )
    for node, name in zip(walk_nodes(proto.graph), names, strict=True):
        known = notes.get(name, NodeNotes({}, ()))
        _put(node.metadata_props, known.entries)
        _document(node, known.lines)
    _put(proto.metadata_props, of_model)
    return Annotated(noted, len(names))


def _names(proto: ModelProto) -> list[str]:
    """The names that the nodes have in a profile; those in the file stay as they are.

    The call of a local function has the name of the node in its body that writes its outputs, or
    ``""`` where those are of several.
    """
    # As a model is loaded: sorting moves nodes, and names of unnamed ones have their place in them.
    loaded = ModelProto()
    loaded.CopyFrom(proto)
    complete_graph(loaded, "")
    loaded = without_functions(loaded)
    name_nodes(loaded)
    # A tensor is written once in a graph with its bodies, so that its writer is known by it.
    named = {tuple(node.output): node.name for node in walk_nodes(loaded.graph)}
    return [named.get(tuple(node.output), "") for node in walk_nodes(proto.graph)]


def _put(props: list[StringStringEntryProto], entries: Mapping[str, str]) -> None:
    """Replaces the notes among the entries of a node or a model."""
    kept = [entry for entry in props if not entry.key.startswith(PREFIX)]
    kept += [
        StringStringEntryProto(key=PREFIX + key, value=_text(value))
        for key, value in entries.items()
    ]
    del props[:]
    props.extend(kept)


def _document(node: NodeProto, lines: Sequence[str]) -> None:
    """Puts lines before the doc string, which exporters fill with the place in the source."""
    kept = [line for line in node.doc_string.split("\n") if not line.startswith(_MARK)]
    # A line end in a name would begin a line without the mark, which a second run would keep.
    new = [_MARK + " ".join(_text(line).split()) for line in lines]
    text = "\n".join([*new, *(kept if kept != [""] else [])])
    if text:
        node.doc_string = text
    else:
        node.ClearField("doc_string")


def _text(value: str) -> str:
    return value.encode(errors=_ESCAPED).decode()


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """Every tensor of a graph: initializers, and those in attributes."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
        for body in bodies(node):
            yield from _tensors(body)


def _locations(proto: ModelProto) -> Iterator[str]:
    """The files with external data, relative to the folder of the model."""
    for tensor in _tensors(proto.graph):
        if tensor.data_location == TensorProto.EXTERNAL:
            yield from (e.value for e in tensor.external_data if e.key == "location")


def _copy_data(source: Path, location: str, folder: Path) -> None:
    """Copies a file of weights beside the copy of the model, without loading it."""
    # A model from elsewhere must not name any file of this machine to copy or to write.
    if os.path.isabs(location) or ".." in Path(location).parts:
        raise ModelError(f"{source}: its external data is at '{location}', outside of its folder")
    data, target = source.parent / location, folder / location
    if not data.is_file():
        raise ModelError(f"{source}: its external data '{location}' is missing")
    if os.path.lexists(target):
        if target.is_file() and filecmp.cmp(data, target, shallow=False):
            return
        raise ResultError(
            f"{target}: is there already and is not the external data of {source}: write the model "
            "to another folder"
        )
    aside = target.with_name(f".{target.name[:100]}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Copied, not linked: ONNX refuses external data that is a link.
        shutil.copyfile(data, aside)
        os.replace(aside, target)
    except OSError as problem:
        raise ResultError(f"{target}: cannot be written ({problem.strerror})") from None
    finally:
        with contextlib.suppress(OSError):
            aside.unlink()
