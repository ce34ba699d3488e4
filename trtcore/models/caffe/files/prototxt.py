"""Reads a prototxt: values through protobuf's text format, lines and unknown names by a scan."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from trtcore.errors import ModelError
from trtcore.models.caffe.files.schema import net_parameter
from trtcore.models.memory import check_memory
from trtcore.system.files import check_readable

# What reading takes at the most, in bytes of memory for a byte of text: the text, its tokens (a
# Python string of some 60 bytes each, 3 characters on average) and protobuf's messages.
_MEMORY_PER_BYTE = 40
# NetParameter itself nests a handful of levels; protobuf's text parser recurses, and a file that
# nests deeper would end Python's stack.
MAX_DEPTH = 64

_TOKEN = re.compile(r"""\#[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[\w.+-]+|\S|\n""")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
# Chooses an implementation, never a result; forks add values to it, so it is not in the schema.
_SILENT = {"engine"}


@dataclass(frozen=True)
class UnknownField:
    """A field that the schema does not have; its value was skipped.

    Attributes:
        message: type of the message that it stands in, such as ``PoolingParameter``.
        name: its name.
        line: where it first stands.
        layer: index of its ``layer`` or ``layers`` entry, None outside of them.
    """

    message: str
    name: str
    line: int
    layer: int | None = None

    def __str__(self) -> str:
        return f"{self.message}.{self.name} (line {self.line})"

    @property
    def may_change_result(self) -> bool:
        """Whether it is a parameter of what a layer computes."""
        return (
            self.layer is not None
            and self.message not in _NEUTRAL_MESSAGES
            and not self.name.endswith(_NEUTRAL_ENDINGS)
            and not self.name.startswith(_NEUTRAL_STARTS)
        )


# Messages that describe training data, training or the net as a whole: what a fork adds to them
# is no part of a layer's function. Parameter messages of layers are all others.
_NEUTRAL_MESSAGES = frozenset(
    {
        "LayerParameter",
        "V1LayerParameter",
        "ParamSpec",
        "NetStateRule",
        "BlobShape",
        "TransformationParameter",
        "DataParameter",
        "ImageDataParameter",
        "MemoryDataParameter",
        "DummyDataParameter",
        "InputParameter",
    }
)
# Initial values and averages of training, what is shown or saved, and the choice of an
# implementation (NVCaffe's cudnn_* fields and conv_algos_override).
_NEUTRAL_ENDINGS = ("_filler", "_algos_override", "_mult")
_NEUTRAL_STARTS = ("cudnn_", "debug_", "visualize", "save_", "momentum", "decay")


@dataclass(frozen=True)
class Prototxt:
    """A parsed prototxt.

    Attributes:
        path: where it was read from.
        net: the ``NetParameter`` message of `schema.net_parameter`.
        layer_lines: line of each ``layer`` or ``layers`` entry, in file order, from 1.
        unknown_fields: fields that the schema does not have, each once in a layer.
    """

    path: Path
    net: Any
    layer_lines: tuple[int, ...]
    unknown_fields: tuple[UnknownField, ...]


def read_prototxt(path: str | Path) -> Prototxt:
    """Reads and parses a text prototxt; fields it does not know are skipped.

    Raises:
        ModelError: not readable, binary, too large for the memory at hand, nested too deeply or not
            a prototxt; the message names the line.
    """
    path = check_readable(path, ModelError)
    with path.open("rb") as file:
        # Before the size: a caffemodel in the place of the prototxt is large, but binary above all.
        # 64 KiB are enough: the first tags of a caffemodel already hold control bytes.
        start = file.read(1 << 16)
        if _CONTROL.search(start):
            raise ModelError(f"{path}: is a binary file, expected a text prototxt (files swapped?)")
        check_memory(path, _MEMORY_PER_BYTE * path.stat().st_size)
        content = start + file.read()
    return parse_prototxt(content.decode("utf-8-sig", errors="replace"), path)


def parse_prototxt(text: str, path: Path) -> Prototxt:
    """Parses the text of a prototxt; ``path`` is for messages.

    Raises:
        ModelError: nested too deeply or not a prototxt; the message names the line.
    """
    message = net_parameter()
    # Before protobuf parses it: the scan does not recurse, and refuses what nests too deep for it.
    scan = _Scan(message.DESCRIPTOR, path)
    scan.run(text)
    try:
        with warnings.catch_warnings():
            # Protobuf warns of odd escapes in strings by way of Python's own decoder.
            warnings.simplefilter("ignore", DeprecationWarning)
            net = text_format.Parse(text, message(), allow_unknown_field=True)
    except text_format.ParseError as problem:
        raise ModelError(f"{path}, {_where_and_why(problem)}") from None
    except (ValueError, TypeError, OverflowError, RecursionError) as problem:
        raise ModelError(f"{path}: not a Caffe prototxt ({_short(_one_line(problem))})") from None
    return Prototxt(path, net, tuple(scan.layer_lines), tuple(scan.unknown.values()))


class _Scan:
    """One pass over the tokens that follows the nesting, with no recursion."""

    def __init__(self, net: Any, path: Path) -> None:
        self.layer_lines: list[int] = []
        self.unknown: dict[tuple[str, str, int | None], UnknownField] = {}
        self._path = path
        self._stack: list[tuple[Any, str]] = []
        self._message = net
        self._name = ""

    def run(self, text: str) -> None:
        line = 1
        for token in _TOKEN.findall(text):
            if token == "\n":
                line += 1
            elif token in "{<":
                self._open(line)
            elif token in "}>" and self._stack:
                self._message, self._name = self._stack.pop()
            elif token == ":":
                self._field(line)
            elif token[0].isalpha() or token[0] == "_":
                self._name = token

    def _open(self, line: int) -> None:
        # Inside an unknown message the message is None: its fields are not reported one by one.
        if len(self._stack) == MAX_DEPTH:
            raise ModelError(f"{self._path}, line {line}: nested more than {MAX_DEPTH} deep")
        if not self._stack and self._name in ("layer", "layers"):
            self.layer_lines.append(line)
        field = self._field(line)
        self._stack.append((self._message, self._name))
        self._message = field.message_type if field else None

    def _field(self, line: int) -> Any:
        """The field of the current message that the last word names; None if not known."""
        if self._message is None or not self._message.fields:
            return None
        field = self._message.fields_by_name.get(self._name)
        if field is None and self._name not in _SILENT:
            # At the level of the net the name of the first entry of the stack is not a layer's.
            is_in_layer = bool(self._stack) and self._stack[0][1] in ("layer", "layers")
            layer = len(self.layer_lines) - 1 if is_in_layer else None
            key = self._message.name, self._name, layer
            self.unknown.setdefault(key, UnknownField(*key[:2], line, layer))
        return field


def _where_and_why(problem: text_format.ParseError) -> str:
    """Protobuf's message with the reason first and the shortened line of text after it."""
    message = _one_line(problem)
    parts = re.fullmatch(r"\d+:\d+ : '(?P<text>.*)': (?P<why>.*)", message)
    if parts is None:
        return f"line {problem.GetLine() or 1}: {_short(re.sub('^[0-9]+:[0-9]+ : ', '', message))}"
    return f"line {problem.GetLine()}: {_short(parts['why'])} in '{_short(parts['text'].strip())}'"


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split())


def _short(line: str) -> str:
    """At most 100 characters (one line of a message), unprintable ones escaped."""
    printable = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line[:101])
    return printable if len(printable) <= 100 else f"{printable[:97]}..."
