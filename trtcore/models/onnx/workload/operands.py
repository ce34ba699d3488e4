"""A node with the shapes of everything it reads and writes: what a closed form is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import onnx
from onnx import NodeProto

Shape = tuple[int, ...]


class UnknownShapeError(Exception):
    """A shape that a closed form needs is not known."""


@dataclass(frozen=True)
class Operands:
    """A node's shapes and attributes.

    Attributes:
        node: the node.
        shapes: of the tensors that are known, by name.
    """

    node: NodeProto
    shapes: Mapping[str, Shape]

    def input(self, index: int) -> Shape:
        """Shape of an input.

        Raises:
            UnknownShapeError: it has no such input, or its shape is not known.
        """
        return self._shape(self.node.input, index)

    def output(self, index: int = 0) -> Shape:
        """Shape of an output.

        Raises:
            UnknownShapeError: as for `input`.
        """
        return self._shape(self.node.output, index)

    def has_input(self, index: int) -> bool:
        """Whether an optional input is given."""
        return index < len(self.node.input) and bool(self.node.input[index])

    def attribute(self, name: str, default: Any) -> Any:
        """An attribute's value, texts as ``str``."""
        for attribute in self.node.attribute:
            if attribute.name == name:
                value = onnx.helper.get_attribute_value(attribute)
                return value.decode() if isinstance(value, bytes) else value
        return default

    def _shape(self, names: Any, index: int) -> Shape:
        if index >= len(names) or names[index] not in self.shapes:
            raise UnknownShapeError
        return self.shapes[names[index]]


def results(operands: Operands) -> int:
    """Elements of the first output."""
    return prod(operands.output())
