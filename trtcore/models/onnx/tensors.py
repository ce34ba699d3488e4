"""The tensors that an ONNX file holds, wherever they are, and whether their values fill them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

from onnx import GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto

from trtcore.result.types.dtypes import ONNX_TYPES

# In these lists a complex number is two values.
_COMPLEX = (TensorProto.COMPLEX64, TensorProto.COMPLEX128)
_BITS_OF_A_BYTE = 8


def every_tensor(proto: ModelProto) -> Iterator[TensorProto]:
    """The tensors of a graph, of its bodies and of functions."""
    nodes = chain.from_iterable(function.node for function in proto.functions)
    return chain(_of_graph(proto.graph), _of_nodes(nodes))


def bytes_needed(tensor: TensorProto) -> int | None:
    """How many bytes the values of a tensor take; None for a type without a size.

    Raises:
        ValueError: a negative dimension.
    """
    if any(dim < 0 for dim in tensor.dims):
        raise ValueError(f"its shape {list(tensor.dims)!r:.100} has a negative dimension")
    kind = ONNX_TYPES.get(tensor.data_type)
    # In bits, as INT4 and FP4 pack two values into a byte.
    return None if kind is None else math.ceil(math.prod(tensor.dims) * kind.bits / 8)


def misfit(proto: ModelProto) -> str:
    """Names the first tensor whose values are not those that its shape needs; ``""`` if none is.

    Nothing else compares them: readers fail on such a tensor, or would make up the rest.
    """
    for tensor in every_tensor(proto):
        try:
            problem = _misfit(tensor)
        except ValueError as error:
            problem = str(error)
        if problem:
            return f"weights '{tensor.name[:200]}' {problem}"
    return ""


def _misfit(tensor: TensorProto) -> str:
    needed = bytes_needed(tensor)
    if needed is None:
        return ""
    if tensor.HasField("raw_data"):
        have = len(tensor.raw_data)
    elif ONNX_TYPES[tensor.data_type].bits < _BITS_OF_A_BYTE:
        return ""  # writers differ in how many of them they put into a listed number
    else:
        have, needed = _listed(tensor), math.prod(tensor.dims)
    if have < needed:
        return "are truncated"
    return f"have {have - needed} values or bytes too many" if have > needed else ""


def _listed(tensor: TensorProto) -> int:
    lists = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data)
    count = sum(map(len, (*lists, tensor.uint64_data, tensor.string_data)))
    return count // 2 if tensor.data_type in _COMPLEX else count


def _of_graph(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    yield from _of_sparse(graph.sparse_initializer)
    yield from _of_nodes(graph.node)


def _of_sparse(tensors: Iterable[SparseTensorProto]) -> Iterator[TensorProto]:
    for tensor in tensors:
        yield from (tensor.values, tensor.indices)


def _of_nodes(nodes: Iterable[NodeProto]) -> Iterator[TensorProto]:
    # As deep as messages are nested, which protobuf limits to 100.
    for attribute in chain.from_iterable(node.attribute for node in nodes):
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        if attribute.HasField("sparse_tensor"):
            yield from _of_sparse([attribute.sparse_tensor])
        yield from _of_sparse(attribute.sparse_tensors)
        if attribute.HasField("g"):
            yield from _of_graph(attribute.g)
        for graph in attribute.graphs:
            yield from _of_graph(graph)
