"""Saved results: a dataclass tree to and from JSON, with a version and exact error places."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from trtcore.errors import ResultError
from trtcore.result.checks import check_shapes
from trtcore.result.packed import pack_array, unpack_array
from trtcore.result.records.profile import Profile
from trtcore.result.schema1.upgrade import upgraded_profile
from trtcore.stats.arrays import CountArray, FloatArray, Floats
from trtcore.system.files import read_text, write_file
from trtcore.system.json_text import read_json

SCHEMA = "trtcore/profile"
SCHEMA_VERSION = 2
"""1 had sentences where 2 has values; `trtcore.result.schema1` reads it."""
_OLDEST_VERSION = 1
# What a 64-bit integer holds: more is no count of anything, and overflows in sums of floats.
_LARGEST_INT = (1 << 63) - 1
_DTYPES = (
    (FloatArray, np.dtype("float32")),
    (Floats, np.dtype("float64")),
    (CountArray, np.dtype("uint32")),
)

T = TypeVar("T")


def save_profile(profile: Profile, path: str | Path) -> None:
    """Writes a profile as JSON, aside first and then renamed.

    Raises:
        ResultError: the path cannot be written.
    """
    write_file(path, dump_profile(profile).encode())


def dump_profile(profile: Profile) -> str:
    """Returns a profile as JSON text; arrays are packed by `trtcore.result.packed`."""
    return dump_tree(profile, SCHEMA, SCHEMA_VERSION)


def dump_tree(value: Any, schema: str, version: int) -> str:
    """Returns a dataclass as JSON text that begins with the name and version of its schema."""
    return json.dumps({"schema": schema, "version": version, **_encode(value)}, indent=1) + "\n"


def load_profile(path: str | Path) -> Profile:
    """Reads what `save_profile` wrote.

    Raises:
        ResultError: not there, not JSON, not a trtcore profile, or of a newer schema.
    """
    return parse_profile(read_text(path), str(path))


def parse_profile(text: str, source: str = "profile") -> Profile:
    """Reads the JSON text of a profile; ``source`` names it in error messages."""
    schema = Schema(SCHEMA, SCHEMA_VERSION, upgraded_profile)
    return parse_tree(Profile, text, source, schema, check_shapes)


class Schema(NamedTuple):
    """What a file has to be.

    Attributes:
        name: of its schema.
        version: that is read as it is.
        upgrade: from the tree of version 1, the only older one, to one of this version.
    """

    name: str
    version: int
    upgrade: Callable[[dict[str, Any]], dict[str, Any]]


def parse_tree(
    kind: type[T],
    text: str,
    source: str,
    expected: Schema,
    check: Callable[[T], None],
) -> T:
    """Reads what `dump_tree` wrote.

    Args:
        kind: the dataclass.
        text: the JSON text.
        source: names it in error messages.
        expected: its schema; older versions are upgraded.
        check: raises ValueError for what types alone cannot check, such as shapes.

    Raises:
        ResultError: not JSON, not of that schema, of a newer version, or not what the schema says.
    """
    schema, readable = expected.name, expected.version
    noun = schema.partition("/")[2].replace("-", " ")
    tree = _parse_json(text, source, noun)
    _check_schema(tree, schema, noun, source)
    version = tree.get("version")
    if version not in (_OLDEST_VERSION, readable):
        raise ResultError(
            f"{source}: schema version {version!r:.60}; this trtcore reads {readable}, "
            f"update trtcore or save the {noun} again"
        )
    try:
        value: T = _decode(kind, expected.upgrade(tree) if version != readable else tree, noun)
        check(value)
    except ValueError as error:
        raise ResultError(f"{source}: {error}") from None
    return value


def _check_schema(tree: Any, schema: str, noun: str, source: str) -> None:
    found = tree.get("schema") if isinstance(tree, dict) else None
    if found == schema:
        return
    if isinstance(found, str):
        # Such as the figures without samples that a report writes as JSON.
        raise ResultError(
            f"{source}: not a saved trtcore {noun}: its schema is {found!r:.60}, expected "
            f"'{schema}'"
        )
    raise ResultError(f'{source}: not a saved trtcore {noun} (no "schema": "{schema}")')


def _parse_json(text: str, source: str, noun: str) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        raise ResultError(f"{source}: not a saved trtcore {noun}, nor any JSON: {error}") from None


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        hints = field_types(typing.cast("Any", type(value)))
        return {name: _encode_field(value, name, kind) for name, kind in hints.items()}
    if isinstance(value, (tuple, list)):
        return [_encode(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _encode_field(holder: Any, name: str, kind: Any) -> Any:
    value = getattr(holder, name)
    dtype = array_dtype(kind)
    if dtype is None:
        return _encode(value)
    return pack_array(value, dtype)


def _decode(kind: Any, value: Any, place: str) -> Any:
    return _decoder(kind)(value, place)


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> Callable[[Any, str], Any]:
    """What reads a value of a type: looked up once, as a model has tens of thousands of values."""
    if dataclasses.is_dataclass(kind):
        return partial(_decode_dataclass, typing.cast("type[Any]", kind))
    origin = typing.get_origin(kind)
    if origin is tuple:
        return partial(_decode_tuple, typing.get_args(kind)[0])
    dtype = array_dtype(kind)
    if dtype is not None:
        return partial(unpack_array, dtype)
    if origin in {typing.Union, types.UnionType}:
        (inner,) = (a for a in typing.get_args(kind) if a is not type(None))
        return partial(_decode_optional, inner)
    return partial(_decode_scalar, kind)


def _decode_optional(kind: Any, value: Any, place: str) -> Any:
    return None if value is None else _decode(kind, value, place)


def _decode_scalar(kind: Any, value: Any, place: str) -> Any:
    if issubclass(kind, Enum):
        return _decode_enum(kind, value, place)
    # Other writers put 1.0 as 1. `bool` is a subclass of `int`, but no number here.
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return _as_float(value, place)
    if type(value) is not kind:
        raise ValueError(f"{place} is {value!r:.60}, expected {kind.__name__}")
    if kind is int and abs(value) > _LARGEST_INT:
        raise ValueError(f"{place} has {len(str(value))} digits, too many for a number")
    return value


def _as_float(value: int, place: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{place} has {len(str(value))} digits, too many for a number") from None


def _decode_enum(kind: type[Enum], value: Any, place: str) -> Enum:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(repr(member.value) for member in kind)
        raise ValueError(f"{place} is {value!r:.60}, expected one of {known}") from None


def _decode_dataclass(kind: type[T], value: Any, place: str) -> T:
    if not isinstance(value, dict):
        raise ValueError(f"{place} is {value!r:.60}, expected an object")
    hints = field_types(typing.cast("Any", kind))
    missing = [name for name in _required(typing.cast("Any", kind)) if name not in value]
    if missing:
        raise ValueError(f"{place} has no {', '.join(map(repr, missing))}")
    # Unknown keys are ignored: a newer trtcore may add fields without a new schema version.
    return kind(
        **{
            name: _decoder(hint)(value[name], f"{place}.{name}")
            for name, hint in hints.items()
            if name in value
        }
    )


@lru_cache(maxsize=64)
def _required(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if is_required(field))


@lru_cache(maxsize=64)
def field_types(kind: Any) -> dict[str, Any]:
    """The fields of a dataclass and their types."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def array_dtype(kind: Any) -> np.dtype[Any] | None:
    """The type of an array's items; None for what is no array."""
    return next((dtype for array, dtype in _DTYPES if array == kind), None)


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Whether a file must hold a field: older ones lack those that have a default."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _decode_tuple(kind: Any, value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{place} is {value!r:.60}, expected a list")
    # Names of nodes and tensors are most of a large model: nothing of them has to be converted.
    if kind is str and all(type(item) is str for item in value):
        return tuple(value)
    decode = _decoder(kind)
    return tuple(decode(item, f"{place}[{i}]") for i, item in enumerate(value))


PRECISIONS_SCHEMA = "trtcore/precision-comparison"
# The schema is the first key of a saved file; further on, the text may be a name in a profile.
_HEAD_CHARACTERS = 200


def is_precisions(text: str) -> bool:
    """Whether a JSON text begins as `dump_precisions` begins it."""
    return f'"{PRECISIONS_SCHEMA}"' in text[:_HEAD_CHARACTERS]
