"""The files of a cell (graph, external data, weights, inputs), and the hash of what is in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from trtcore.errors import ModelError
from trtcore.sweeps.cells import Cell
from trtcore.system.files import check_readable

BUILT_IN = "googlenet"
_CHUNK_BYTES = 1 << 20
_OF_RUN = ("inputs", "plugins")
"""Roles of files that are not the model's own."""


class File(NamedTuple):
    """A file of a cell.

    Attributes:
        name: where it lies in a copy of all files of the cell: below a folder for its role, which
            is ``model``, ``weights``, ``inputs`` or ``plugins``.
        path: where it lies on the machine that planned the sweep.
    """

    name: str
    path: str


class Files(NamedTuple):
    """All files of a cell.

    Attributes:
        digest: of every content: a cell with other inputs or plugins has another one.
        files: the model's own first; none for a built-in model on random input.
        model: the hash of the model's own, which all its cells share.
    """

    digest: str
    files: tuple[File, ...]
    model: str = ""


def files_of(cell: Cell) -> Files:
    """Finds and hashes the files of a cell.

    Raises:
        ModelError: one cannot be read.
    """
    found = tuple(_files(cell))
    paths = {file.name: file.path for file in found}
    own = {name: path for name, path in paths.items() if role_of(name) not in _OF_RUN}
    return Files(digest_of(paths, cell.model), found, digest_of(own, cell.model))


def role_of(name: str) -> str:
    """What the file of a name is to a cell: the folder it lies in."""
    return name.partition("/")[0]


def digest_of(paths: Mapping[str, str], model: str = "") -> str:
    """Returns the hash of files by the names that a cell has for them.

    Args:
        paths: by name, in the order of `files_of`.
        model: the name of a built-in model, whose graph takes the place of a file.
    """
    whole = hashlib.sha256()
    if model == BUILT_IN:
        whole.update(_built_in().encode())
    # By role and order: the graph names its external data itself, and the model may be renamed.
    for name, path in paths.items():
        whole.update(f"{role_of(name)}:{_digest(path)}\n".encode())
    return whole.hexdigest()


def _files(cell: Cell) -> Iterator[File]:
    if cell.model != BUILT_IN:
        path = check_readable(cell.model, ModelError)
        yield File(f"model/{path.name}", str(path.absolute()))
        if path.suffix.lower() != ".prototxt":
            yield from _external(path)
    weights = cell.options.get("weights")
    if weights is not None:
        yield _beside("weights", weights)
    inputs = cell.options.get("inputs")
    if isinstance(inputs, str) and inputs.endswith(".npz"):
        yield _beside("inputs", inputs)
    for i, plugin in enumerate(cell.options.get("plugins", ())):
        # A bare name is searched by the system's loader, on each machine.
        if "/" in plugin:
            # Numbered, as two libraries may have one name.
            yield _beside(f"plugins/{i}", plugin)


def _beside(folder: str, path: str) -> File:
    return File(f"{folder}/{Path(path).name}", str(check_readable(path, ModelError).absolute()))


def _external(path: Path) -> list[File]:
    """The files of external data that a graph names."""
    import onnx
    from google.protobuf.message import DecodeError
    from onnx.external_data_helper import _get_all_tensors, uses_external_data

    try:
        proto = onnx.load(str(path), load_external_data=False)
    except DecodeError:
        raise ModelError(f"{path}: not an ONNX model, or truncated") from None
    names = {
        entry.value: None
        for tensor in _get_all_tensors(proto)
        if uses_external_data(tensor)
        for entry in tensor.external_data
        if entry.key == "location"
    }
    # A name that leads out of the folder would do so in a copy on another machine too; loading
    # the model refuses it.
    if outside := [name for name in names if os.path.isabs(name) or ".." in Path(name).parts]:
        raise ModelError(f"{path}: its external data '{outside[0]}' is not beside the model")
    found = {name: check_readable(path.parent / name, ModelError) for name in names}
    return [File(f"model/{name}", str(one.absolute())) for name, one in found.items()]


@lru_cache(maxsize=1)
def _built_in() -> str:
    from trtcore.models.load import load_model

    model: Any = load_model(BUILT_IN)
    return hashlib.sha256(model.proto.SerializeToString(deterministic=True)).hexdigest()


def _digest(path: str) -> str:
    state = os.stat(path)
    return _digest_of(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_of(path: str, _size: int, _changed_ns: int) -> str:
    """The hash of a file, which is read again only after a change."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
