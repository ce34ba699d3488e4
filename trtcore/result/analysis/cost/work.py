"""The work of each fusion group: what its nodes compute, and what crosses its boundary.

Tensors that only the layers of one group exchange are no part of it: fused into one kernel they
would not leave the chip. So the bytes are the least that the group has to move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan

from trtcore.result.analysis.cost.operand_types import (
    bytes_of,
    label_of,
    product_type,
    stored_type,
    weight_type,
)
from trtcore.result.analysis.fusion.groups import FusionMap, Group
from trtcore.result.records.layers import Layer, ModelNode, TensorInfo
from trtcore.result.records.profile import Profile
from trtcore.result.types.dtypes import itemsize, numpy_name

# They read the rows of a table that are asked for, not all of it.
_LOOKUPS = frozenset({"Gather", "GatherElements", "GatherND"})


@dataclass(frozen=True)
class GroupWork:
    """What a fusion group computes and moves in one iteration.

    Attributes:
        layers: positions of its layers.
        nodes: of the model.
        macs: multiply-adds of products and convolutions.
        flops: operations: two for a multiply-add, and those of elementwise operators.
        weight_bytes: of constants.
        read_bytes: of tensors that other layers or the caller wrote.
        written_bytes: of tensors that other layers or the caller read.
        dtype: the type of its products, as ``fp16``; ``fp32`` where it has none, as elementwise
            operations run at that rate.
        is_at_least: there are nodes or tensors of which not all is known.
        is_assumed: a type is not told, so that of the network's precision was taken.
    """

    layers: tuple[int, ...]
    nodes: tuple[str, ...]
    macs: int
    flops: int
    weight_bytes: float
    read_bytes: float
    written_bytes: float
    dtype: str
    is_at_least: bool = False
    is_assumed: bool = False

    @property
    def moved_bytes(self) -> float:
        """Weights, and what is read and written."""
        return self.weight_bytes + self.read_bytes + self.written_bytes

    @property
    def intensity(self) -> float:
        """Operations for each byte; NaN where nothing is moved."""
        return self.flops / self.moved_bytes if self.moved_bytes else float("nan")


def has_work(profile: Profile) -> bool:
    """Whether the work of the model's nodes was counted: not in results of older versions."""
    return any(node.work is not None for node in profile.model.nodes)


def group_works(profile: Profile, fusion: FusionMap) -> tuple[GroupWork, ...]:
    """Returns the work of every group, in the order of ``fusion.groups``."""
    works = _Works(profile)
    return tuple(works.of(group) for group in fusion.groups)


class _Works:
    def __init__(self, profile: Profile) -> None:
        self._layers = profile.layers
        self._precision = profile.precision
        self._nodes = {node.name: node for node in profile.model.nodes}
        self._inputs = {tensor.name for tensor in profile.io if tensor.mode == "input"}
        self._outputs = {tensor.name for tensor in profile.io if tensor.mode == "output"}
        self._written = {t.name for layer in profile.layers for t in layer.outputs}
        # How many layers read each tensor, to tell those that only the own group reads.
        self._readers = Counter(
            name for layer in profile.layers for name in {t.name for t in layer.inputs}
        )

    def of(self, group: Group) -> GroupWork:
        layers = [self._layers[i] for i in group.layers]
        nodes = [self._nodes[name] for name in group.nodes if name in self._nodes]
        macs = sum(node.work.macs for node in nodes if node.work)
        told = product_type(layers, self._precision)
        assumed = stored_type(told or self._precision)
        reads, constants, writes = self._boundary(layers)
        listed, read, written = (_sizes(t, assumed) for t in (constants, reads, writes))
        weights, is_told = _weights(nodes, weight_type(layers, told) or assumed)
        unknown = len(nodes) < len(group.nodes) or any(node.work is None for node in nodes)
        return GroupWork(
            group.layers,
            group.nodes,
            macs,
            sum(node.work.flops for node in nodes if node.work),
            # A plan that lists constants lists them beside the same weights of the nodes.
            max(listed.total, weights),
            read.total,
            written.total,
            (told or label_of(self._precision)) if macs else "fp32",
            is_at_least=unknown
            or group.is_opaque
            or not group.nodes
            or not is_told
            or any(not size.is_known for size in (listed, read, written)),
            is_assumed=(not told and bool(macs)) or any(not t.dtype for t in (*reads, *writes)),
        )

    def _boundary(
        self, layers: list[Layer]
    ) -> tuple[list[TensorInfo], list[TensorInfo], list[TensorInfo]]:
        """What is read, which of it is constant, and what is written, each tensor once."""
        inside = Counter(name for layer in layers for name in {t.name for t in layer.inputs})
        own = {t.name for layer in layers for t in layer.outputs}
        read = {t.name: t for layer in layers for t in layer.inputs if t.name not in own}
        is_made = self._written | self._inputs
        written = {t.name: t for layer in layers for t in layer.outputs}
        return (
            [t for t in read.values() if t.name in is_made],
            [t for t in read.values() if t.name not in is_made],
            [t for t in written.values() if self._leaves(t.name, inside)],
        )

    def _leaves(self, name: str, inside: Counter[str]) -> bool:
        """Whether a tensor is read by anyone but the layers of its group."""
        return name in self._outputs or not inside[name] or self._readers[name] > inside[name]


@dataclass(frozen=True)
class _Size:
    total: float
    is_known: bool


def _sizes(tensors: Iterable[TensorInfo], assumed: str) -> _Size:
    sizes = [bytes_of(tensor, assumed) for tensor in tensors]
    known = [size for size in sizes if not isnan(size)]
    return _Size(sum(known), len(known) == len(sizes))


def _weights(nodes: list[ModelNode], dtype: str) -> tuple[float, bool]:
    """Bytes of the weights, and whether their type is known."""
    count = sum(map(_weight_elements, nodes))
    if not count:
        return 0.0, True
    name = numpy_name(dtype)
    return (count * itemsize(name), True) if name else (0.0, False)


def _weight_elements(node: ModelNode) -> int:
    if node.work is None:
        return 0
    if node.op in _LOOKUPS and node.work.outputs:
        return min(node.work.weights, max(node.work.outputs[0], 0))
    return node.work.weights
