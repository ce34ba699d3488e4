"""The shapes that an engine takes for an input, where it takes more than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Specialization(Enum):
    """When TensorRT-RTX compiled kernels for the shapes of a run."""

    NONE = "none"
    """It does no such thing: the engine has one shape, or another TensorRT runs it."""
    EAGER = "eager"
    """Before anything was timed."""
    LAZY = "lazy"
    """When TensorRT-RTX saw fit, as the bindings have no word for it; the warm-up waited."""


@dataclass(frozen=True)
class ShapeRange:
    """The range of shapes of one input, as an optimization profile has it.

    Attributes:
        name: of the input.
        least: the smallest shape.
        optimum: the shape that the engine is made fast for.
        most: the largest shape.
    """

    name: str
    least: tuple[int, ...]
    optimum: tuple[int, ...]
    most: tuple[int, ...]

    @property
    def text(self) -> str:
        """As the command line takes it: ``ids:1x16..4x128..8x512``."""
        shapes = (self.least, self.optimum, self.most)
        return f"{self.name}:{'..'.join(map(shape_text, shapes))}"

    def holds(self, shape: Sequence[int]) -> bool:
        """Whether every dimension of a shape is within the range."""
        return len(shape) == len(self.least) and all(
            low <= dim <= high for low, dim, high in zip(self.least, shape, self.most, strict=True)
        )


def shape_text(dims: Sequence[int | str | None]) -> str:
    """``1x3x224x224``, open dimensions as ``?`` or their symbol; ``scalar`` for no dimension."""
    return "x".join("?" if dim is None else str(dim) for dim in dims) or "scalar"
