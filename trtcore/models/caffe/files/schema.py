"""Turns `caffe.proto` into protobuf message classes at run time, so that no compiler is needed."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_STATEMENT = re.compile(
    r"(?P<kind>message|enum)\s+(?P<block>\w+)\s*\{"
    r"|(?P<label>optional|repeated)\s+(?P<type>\w+)\s+(?P<field>\w+)\s*=\s*(?P<number>\d+)"
    r"\s*(?:\[default = (?P<default>[^\]]+)\])?;"
    r"|(?P<value>\w+)\s*=\s*(?P<value_number>\d+);"
    r"|(?P<empty>\})"
)
_SCALARS = {"bool", "float", "int32", "int64", "string", "uint32"}
_FieldProto = descriptor_pb2.FieldDescriptorProto


@functools.cache
def net_parameter() -> type[Any]:
    """The message class of a whole net, ``NetParameter``.

    Source: the grammar used is the part of proto2 that `caffe.proto` needs, one statement each.
    """
    # A pool of its own: pycaffe in the same process registers messages of these names as well.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_file_descriptor().SerializeToString())
    descriptor = pool.FindMessageTypeByName("trtcore.caffe.NetParameter")
    message: type[Any] = message_factory.GetMessageClass(descriptor)
    return message


def _file_descriptor() -> descriptor_pb2.FileDescriptorProto:
    text = Path(__file__).with_name("caffe.proto").read_text(encoding="utf-8")
    file = descriptor_pb2.FileDescriptorProto(
        name="trtcore/caffe.proto", package="trtcore.caffe", syntax="proto2"
    )
    # The innermost open message or enum is last; a closing brace takes it off.
    scopes: list[Any] = [file]
    for statement in _STATEMENT.finditer(re.sub(r"//.*", "", text)):
        if statement["empty"]:
            scopes.pop()
        elif statement["kind"]:
            scopes.append(_open_block(scopes[-1], statement["kind"], statement["block"]))
        elif statement["value"]:
            scopes[-1].value.add(name=statement["value"], number=int(statement["value_number"]))
        else:
            _add_field(scopes[-1], statement)
    return file


def _open_block(scope: Any, kind: str, name: str) -> Any:
    if kind == "enum":
        return scope.enum_type.add(name=name)
    is_file = isinstance(scope, descriptor_pb2.FileDescriptorProto)
    return (scope.message_type if is_file else scope.nested_type).add(name=name)


def _add_field(message: Any, statement: re.Match[str]) -> None:
    label = getattr(_FieldProto, f"LABEL_{statement['label'].upper()}")
    field = message.field.add(name=statement["field"], number=int(statement["number"]), label=label)
    if statement["type"] in _SCALARS:
        field.type = getattr(_FieldProto, f"TYPE_{statement['type'].upper()}")
    else:
        field.type_name = statement["type"]
    if statement["default"]:
        field.default_value = statement["default"]
