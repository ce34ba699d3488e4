"""The model nodes in the name of an engine layer, where the plan has no metadata."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

# The forms of real plans, as in tests/data. They are no stable interface of TensorRT; a form that
# is not known maps the layer to no node, and reports say how many there are.
_PROFILE = re.compile(r" \[profile \d+\]$")
_REFORMAT = re.compile(r"^Reformatting CopyNode for (?:Input|Output) Tensor \d+ (?:to|from) ")
_FOREIGN = re.compile(r"\{ForeignNode\[(.*?)\.\.\.(.*?)\]\}")
_MYELIN_SUFFIX = re.compile(r"(?:_U\d+)?_myl\d+_\d+$")
_MYELIN_PART = re.compile(r"_[a-z]+$")
_TENSOR_SUFFIXES = (re.compile(r"_myl\d+$"), re.compile(r"_\d+$"), re.compile(r"\.\d+$"))
_PWN = re.compile(r"^PWN\((.*)\)$")
_MYELIN_OPS = re.compile(r"^__myl_(\w+?)_myl\d+_\d+$")
# What Myelin calls operations that copy, cast or rearrange; all others compute.
_MOVES = frozenset({"Move", "Conc", "Resh", "Slic", "Repl", "Tran", "Cast", "Copy", "Expa"})


@dataclass(frozen=True)
class NamedNodes:
    """The nodes that a name contains.

    Attributes:
        nodes: model nodes named, in its order.
        is_reformat: the layer only changes the format of a tensor for those nodes.
    """

    nodes: tuple[str, ...]
    is_reformat: bool = False


def nodes_in_name(name: str, known: Container[str] | None) -> NamedNodes:
    """Returns the nodes that a layer's name joins, such as ``conv1 + relu1`` or ``PWN(a, b)``.

    Args:
        name: the engine layer's name.
        known: the model's node names, other parts of the name are left out; None if the model is
            not known, and every part counts.
    """
    bare = _PROFILE.sub("", name)
    reformat = _REFORMAT.match(bare)
    bare = _REFORMAT.sub("", bare)
    parts = split_name(bare)
    if known is not None:
        # As a whole first: a model's own node names can contain " + " and the like.
        parts = [bare] if bare in known else [n for part in parts for n in _find(part, known)]
    return NamedNodes(tuple(dict.fromkeys(parts)), bool(reformat))


def split_name(name: str) -> list[str]:
    """Splits a fused name at `` + `` and `` || ``, and PWN at its commas."""
    parts = re.split(r" \+ | \|\| ", name)
    return [piece for part in parts for piece in _split_pointwise(part)]


def foreign_range(name: str) -> tuple[str, str] | None:
    """Returns the first and last node of a ``{ForeignNode[a...b]}``; None for other names."""
    match = _FOREIGN.search(name)
    return (match[1], match[2]) if match else None


def model_tensor(name: str, known: Container[str]) -> str | None:
    """Returns the model's tensor behind an engine's such as ``conv1.1_2_myl0``; None if none."""
    # One suffix at a time, the outermost first, and none more than needed: the model's own tensor
    # names can end in ``_2`` or ``.1`` as well.
    for suffix in (None, *_TENSOR_SUFFIXES):
        name = suffix.sub("", name) if suffix else name
        if name in known:
            return name
    return None


def generated_operations(name: str) -> str:
    """Returns the operations of a kernel that Myelin generated, such as ``MoveConc``; else ""."""
    match = _MYELIN_OPS.match(name)
    return match[1] if match else ""


def only_moves(name: str) -> bool:
    """Whether a generated kernel, by its name, does nothing but copy, cast or rearrange."""
    words = kernel_operations(name)
    return bool(words) and _MOVES.issuperset(words)


def kernel_operations(name: str) -> list[str]:
    """Returns what a generated kernel's name lists: ``Fc``, ``Add``, ``Relu``; [] for others.

    Each operation has up to four letters there; one of ONNX's can be several of them.
    """
    return re.findall(r"[A-Z][a-z]*", generated_operations(name))


def _split_pointwise(part: str) -> list[str]:
    inside = _PWN.match(part)
    if not inside:
        return [part]
    return [piece for half in inside[1].split(", ") for piece in _split_pointwise(half)]


def _find(part: str, known: Container[str]) -> list[str]:
    """A part as it stands, or without what Myelin puts behind it, or as several joined by ``+``."""
    if part in known:
        return [part]
    bare = _MYELIN_SUFFIX.sub("", part)
    for candidate in (bare, _MYELIN_PART.sub("", bare)):
        if candidate in known:
            return [candidate]
    pieces = bare.split("+")
    return pieces if len(pieces) > 1 and all(piece in known for piece in pieces) else []
