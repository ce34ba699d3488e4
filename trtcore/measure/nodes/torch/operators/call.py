"""A node as its operator sees it before the run, and how operators become kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from onnx import NodeProto, helper
from torch import Tensor

from trtcore.errors import ModelError

Kernel = Callable[..., Any]
"""Takes the node's inputs, None for omitted ones; returns its output or a tuple of them."""


@dataclass(frozen=True, eq=False)
class Call:
    """One node with the values of its first run.

    Attributes:
        node: the node.
        opset: version of the operator set.
        inputs: the node's inputs on the first run; None for omitted ones.
        constants: those of the inputs that are the same in every run, on the CPU; else None.
    """

    node: NodeProto
    opset: int
    inputs: Sequence[Any]
    constants: Sequence[Tensor | None]

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Attributes by name; text as ``str``."""
        pairs = ((a.name, helper.get_attribute_value(a)) for a in self.node.attribute)
        return {k: v.decode() if isinstance(v, bytes) else v for k, v in pairs}

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the first input."""
        return self.shape_of(0)

    @property
    def spatial(self) -> tuple[int, ...]:
        """Of the first input, without batch and channels."""
        return self.shape[2:]

    def shape_of(self, index: int) -> tuple[int, ...]:
        """The shape of an input."""
        return tuple(self.inputs[index].shape)

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default."""
        return self.attributes.get(name, default)

    def parameter(self, index: int, name: str) -> Any:
        """An input that has to be constant: a number or list, None if omitted.

        Raises:
            ModelError: it depends on the network's input.
        """
        if index >= len(self.inputs) or self.inputs[index] is None:
            return None
        value = self.constants[index]
        if value is None:
            raise self.refuse(f"its input '{name}' depends on the data")
        return value.tolist()

    def either(self, name: str, index: int, since: int) -> Any:
        """What is an attribute before opset ``since`` and an input from it on; None if omitted."""
        return self.get(name) if self.opset < since else self.parameter(index, name)

    def refuse(self, feature: str) -> ModelError:
        """An error that names this node and the feature of it that is not supported."""
        return ModelError(
            f"node '{self.node.name}' ({self.node.op_type}): {feature}, which PyTorch eager does "
            "not run here; ONNX Runtime does"
        )


@dataclass(frozen=True)
class Operator:
    """How nodes of a type are run.

    Attributes:
        make: turns a call into its kernel; does everything that need not be timed.
        data: how many inputs are passed to the kernel; all if None. Those behind are parameters.
        is_static: whether the result depends on the shape of the input alone.
    """

    make: Callable[[Call], Kernel]
    data: int | None = None
    is_static: bool = False


def plain(kernel: Kernel) -> Operator:
    """An operator without attributes that is one function of PyTorch."""
    return Operator(lambda _: kernel)
