"""What ONNX Runtime or TensorRT reads and ONNX's checker refuses, written as all three read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, helper
from onnx.defs import OpSchema

from trtcore.errors import few
from trtcore.models.onnx.tensors import every_tensor
from trtcore.models.onnx.walk import bodies, called, walk_nodes

_ONNX = ("", "ai.onnx")
# Before, every initializer had to be among the inputs; runtimes never asked for it.
_FIRST_FREE_INITIALIZERS = 4
# Resize took the place of Upsample in 10, and had other inputs from 11 on.
_FIRST_RESIZE, _FIRST_RESIZE_WITH_REGION = 10, 11
_TYPED_FIELDS = (
    "float_data",
    "int32_data",
    "int64_data",
    "double_data",
    "uint64_data",
    "string_data",
)
# What an attribute holds tells its type, where the file does not.
_LISTS: Mapping[str, AttributeProto.AttributeType] = {
    "floats": AttributeProto.FLOATS,
    "ints": AttributeProto.INTS,
    "strings": AttributeProto.STRINGS,
    "tensors": AttributeProto.TENSORS,
    "graphs": AttributeProto.GRAPHS,
}
_VALUES: Mapping[str, AttributeProto.AttributeType] = {
    "f": AttributeProto.FLOAT,
    "i": AttributeProto.INT,
    "s": AttributeProto.STRING,
    "t": AttributeProto.TENSOR,
    "g": AttributeProto.GRAPH,
}


def mend(proto: ModelProto) -> list[str]:
    """Mends a graph in place; returns a note on each kind of change that could matter.

    Nothing is mended that the runtimes would compute otherwise.
    """
    notes = []
    if proto.ir_version > onnx.IR_VERSION:
        notes.append(f"IR version {proto.ir_version} is newer than {onnx.IR_VERSION}: read as that")
        proto.ir_version = onnx.IR_VERSION
    _drop_repeated_metadata(proto)
    _type_attributes(proto)
    for tensor in every_tensor(proto):
        _keep_one_field(tensor)
    for graph in _graphs(proto.graph):
        _drop_repeated_initializers(graph)
    if proto.ir_version < _FIRST_FREE_INITIALIZERS:
        _list_initializers(proto.graph)
    notes += _import_domains(proto)
    version = next((one.version for one in proto.opset_import if one.domain in _ONNX), 0)
    notes += _replace_upsamples(proto.graph, version)
    notes += _drop_unknown_attributes(proto, version)
    return notes


def _graphs(graph: GraphProto) -> Iterator[GraphProto]:
    yield graph
    for node in walk_nodes(graph):
        yield from bodies(node)


def _drop_repeated_metadata(proto: ModelProto) -> None:
    seen: dict[str, str] = {}
    for one in proto.metadata_props:
        seen.setdefault(one.key, one.value)
    if len(seen) < len(proto.metadata_props):
        proto.ClearField("metadata_props")
        for key, value in seen.items():
            proto.metadata_props.add(key=key, value=value)


def _type_attributes(proto: ModelProto) -> None:
    for node in walk_nodes(proto.graph):
        for attribute in node.attribute:
            if attribute.type == AttributeProto.UNDEFINED:
                attribute.type = _type_of(attribute)


def _type_of(attribute: AttributeProto) -> AttributeProto.AttributeType:
    for field, kind in _LISTS.items():
        if len(getattr(attribute, field)):
            return kind
    values = (kind for field, kind in _VALUES.items() if attribute.HasField(field))
    return next(values, AttributeProto.UNDEFINED)


def _keep_one_field(tensor: TensorProto) -> None:
    """Drops the values that a tensor holds a second time: runtimes take the raw ones."""
    # Not by its value, which may be gigabytes.
    if tensor.HasField("raw_data"):
        for field in _TYPED_FIELDS:
            if len(getattr(tensor, field)):
                tensor.ClearField(field)


def _drop_repeated_initializers(graph: GraphProto) -> None:
    """Drops initializers that are there twice, alike, and those that nothing can name."""
    kept: dict[str, TensorProto] = {}
    odd = False
    for tensor in graph.initializer:
        if not tensor.name or (tensor.name in kept and kept[tensor.name] == tensor):
            odd = True
        else:
            kept.setdefault(tensor.name, tensor)
    # Two of one name that differ stay: the checker names them.
    if odd and len({one.name for one in graph.initializer if one.name}) == len(kept):
        tensors = [TensorProto.FromString(one.SerializeToString()) for one in kept.values()]
        graph.ClearField("initializer")
        graph.initializer.extend(tensors)


def _list_initializers(graph: GraphProto) -> None:
    listed = {value.name for value in graph.input}
    for tensor in graph.initializer:
        if tensor.name not in listed:
            graph.input.append(
                helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )


def _import_domains(proto: ModelProto) -> list[str]:
    """Imports the domains that the file uses and does not import: those of plugins."""
    imported = {one.domain for one in proto.opset_import}
    used = {node.domain for node in walk_nodes(proto.graph)} - {*_ONNX, *imported}
    for domain in sorted(used):
        proto.opset_import.add(domain=domain, version=1)
    return [
        f"domain '{domain}' is not imported in the file: version 1 taken" for domain in sorted(used)
    ]


def _replace_upsamples(graph: GraphProto, version: int) -> list[str]:
    """Writes an Upsample as the Resize that took its place."""
    names = []
    for node in walk_nodes(graph):
        is_gone = node.op_type == "Upsample" and node.domain in _ONNX and version >= _FIRST_RESIZE
        if is_gone and len(node.input) == 2:
            names.append(f"'{called(node)}'")
            node.op_type = "Resize"
            if version >= _FIRST_RESIZE_WITH_REGION:
                scales = node.input.pop()
                node.input.extend(["", scales])
                modes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
                node.attribute.extend(helper.make_attribute(*pair) for pair in modes.items())
    what = f"Upsample {few(names)} is no operator of set {version}: read as Resize"
    return [what] if names else []


def _drop_unknown_attributes(proto: ModelProto, version: int) -> list[str]:
    """Drops what an operator has in no set, or at the value that means nothing.

    TensorRT does not read it, and ONNX Runtime refuses it.
    """
    dropped = []
    for node in walk_nodes(proto.graph):
        if node.domain not in _ONNX or not onnx.defs.has(node.op_type, version):
            continue
        known = onnx.defs.get_schema(node.op_type, version).attributes
        for one in [one for one in node.attribute if one.name not in known]:
            # One of a function's, which has no value here, is for the checker to refuse.
            if not one.ref_attr_name and _means_nothing(node.op_type, one):
                dropped.append(f"'{one.name}' of '{called(node)}' ({node.op_type})")
                node.attribute.remove(one)
    what = f"attribute {few(dropped)} is not known in operator set {version}: left out"
    return [what] if dropped else []


def _means_nothing(op: str, attribute: AttributeProto) -> bool:
    """Whether an attribute has its default in every operator set that has it, or none has it."""
    given = helper.get_attribute_value(attribute)
    for schema in _history(op):
        if attribute.name in schema.attributes:
            default = schema.attributes[attribute.name].default_value
            if default.type == AttributeProto.UNDEFINED:
                return False
            if helper.get_attribute_value(default) != given:
                return False
    return True


@cache
def _history(op: str) -> tuple[OpSchema, ...]:
    """An operator in every set; looking for it takes milliseconds, and thousands of nodes ask."""
    schemas = onnx.defs.get_all_schemas_with_history()
    return tuple(one for one in schemas if one.domain == "" and one.name == op)
