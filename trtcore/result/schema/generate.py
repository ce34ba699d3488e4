"""A JSON Schema of a saved result, from the dataclasses that it is saved from.

Source: JSON Schema, draft 2020-12.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from enum import Enum
from typing import Any

from trtcore.result.packed import PLANES, WHOLE
from trtcore.result.saved import array_dtype, field_types, is_required

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# A line of a docstring's list of attributes, and what ends that list.
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*)$")
_SECTION = re.compile(r"^\S")
_SCALARS = {str: "string", bool: "boolean", int: "integer", float: "number"}

Tree = dict[str, Any]


def json_schema(kind: Any, schema: str, version: int) -> Tree:
    """Returns the schema of a file that `trtcore.result.saved.dump_tree` writes.

    Args:
        kind: the dataclass that it holds.
        schema: value of its key ``schema``.
        version: value of its key ``version``.
    """
    defs: dict[str, Tree] = {}
    root = _object(kind, defs)
    properties = {"schema": {"const": schema}, "version": {"const": version}, **root["properties"]}
    return {
        "$schema": DIALECT,
        "title": schema,
        **root,
        "required": ["schema", "version", *root["required"]],
        "properties": properties,
        "$defs": dict(sorted(defs.items())),
    }


def _object(kind: Any, defs: dict[str, Tree]) -> Tree:
    texts = _attribute_texts(kind)
    properties = {}
    for name, hint in field_types(kind).items():
        described = {"description": texts[name]} if name in texts else {}
        properties[name] = {**_schema(hint, defs), **described}
    return {
        "type": "object",
        "description": _summary(kind),
        "required": [field.name for field in dataclasses.fields(kind) if is_required(field)],
        "properties": properties,
    }


def _schema(hint: Any, defs: dict[str, Tree]) -> Tree:
    if dataclasses.is_dataclass(hint):
        return _reference(hint, defs)
    dtype = array_dtype(hint)
    if dtype is not None:
        return _array(dtype.name, defs)
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return {"type": "array", "items": _schema(parts[0], defs)}
    if origin in {typing.Union, types.UnionType}:
        (inner,) = (part for part in parts if part is not type(None))
        return {"anyOf": [_schema(inner, defs), {"type": "null"}]}
    if issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    return {"type": _SCALARS[hint]}


def _reference(kind: Any, defs: dict[str, Tree]) -> Tree:
    name = kind.__name__
    if name not in defs:
        defs[name] = {}  # before its fields, which may hold one of its own kind
        defs[name] = _object(kind, defs)
    return {"$ref": f"#/$defs/{name}"}


def _array(dtype: str, defs: dict[str, Tree]) -> Tree:
    name = f"{dtype}Array"
    text = {"type": "string", "contentEncoding": "base64"}
    defs[name] = {
        "type": "object",
        "description": (
            f"Little-endian {dtype}, compressed by zlib, in base64: byte planes in Fortran order, "
            "or whole numbers in C order."
        ),
        "required": ["dtype", "shape"],
        "anyOf": [{"required": [key]} for key in (PLANES, WHOLE)],
        "properties": {
            "dtype": {"const": dtype},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            PLANES: text,
            WHOLE: text,
        },
    }
    return {"$ref": f"#/$defs/{name}"}


def _summary(kind: Any) -> str:
    return (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")


def _attribute_texts(kind: Any) -> dict[str, str]:
    """The texts of a docstring's list of attributes."""
    _, _, rest = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    texts: dict[str, str] = {}
    name = ""
    for line in rest.splitlines():
        if _SECTION.match(line):
            break
        if match := _ATTRIBUTE.match(line):
            name = match[1]
            texts[name] = match[2]
        elif name and line.strip():
            texts[name] += f" {line.strip()}"
    return texts
