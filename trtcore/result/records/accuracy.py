"""The accuracy of a network's outputs against those of its reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class OutputAccuracy:
    """One output of a network against that of the reference.

    NaN and infinite values are counted and left out of the errors, which are NaN where nothing else
    is left.

    Attributes:
        name: of the output.
        max_abs: largest absolute error.
        mean_abs: mean absolute error.
        relative_l2: norm of the error over the norm of the reference; NaN if that is empty.
        cosine: similarity of the two as vectors, -1 to 1; NaN if the reference is empty.
        nan_count: NaNs that the reference does not have.
        inf_count: infinities that the reference does not have.
        top1: part of the images whose class is the same; None if it is no classifier.
        top5: part of the images whose class is among the first five; None if it is no classifier.
        first_bad_node: the model node that first produced a NaN or infinity, where it was found.
        uncompared: values that are NaN in the reference, or infinite there and another number here:
            nothing can be said of them.
        reference_max: largest magnitude in the reference; None if it was not recorded, or for
            integers.
        smallest_normal: of the type compared with it; a reference below that is empty, as nothing
            is left to be compared with.
    """

    name: str
    max_abs: float
    mean_abs: float
    relative_l2: float
    cosine: float
    nan_count: int
    inf_count: int
    top1: float | None = None
    top5: float | None = None
    first_bad_node: str = ""
    uncompared: int = 0
    reference_max: float | None = None
    smallest_normal: float = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether the reference is all zeros, or smaller than the type's smallest normal value.

        NaN and infinite values that the reference does not have are an error all the same.
        """
        if self.reference_max is None or not self.is_comparable:
            return False
        return self.reference_max == 0 or self.reference_max < self.smallest_normal

    @property
    def is_comparable(self) -> bool:
        """Whether every value could be compared."""
        return self.nan_count + self.inf_count + self.uncompared == 0


class Obstacle(Enum):
    """Why an output was not compared."""

    SHAPE = "shape"
    """Its shape depends on its values, and those of the other precision give another one."""
    ABSENT = "absent"
    """One of the two sides does not have it, such as an item of a shorter sequence."""
    RANDOM = "random"
    """Nodes draw random numbers for it, so that it is another one in every run."""
    NO_NUMBERS = "no numbers"
    """It holds text, maps, nothing, or numbers of a type that NumPy lacks."""


@dataclass(frozen=True)
class NotCompared:
    """An output that could not be compared.

    Attributes:
        name: of the output.
        obstacle: why not.
        shapes: for `Obstacle.SHAPE`, the shape here and that of the reference.
        nodes: for `Obstacle.RANDOM`, the model's nodes that draw the numbers.
    """

    name: str
    obstacle: Obstacle
    shapes: tuple[tuple[int, ...], ...] = ()
    nodes: tuple[str, ...] = ()


class Compared(Enum):
    """What gave the outputs that are compared."""

    ENGINE = "engine"
    GRAPH_ON_CPU = "graph on the CPU"
    """The converted graph, with every value rounded to its type and sums in FP32."""
    OTHER = "other"
    """Described in `Accuracy.note` only."""


@dataclass(frozen=True)
class Accuracy:
    """The outputs of a network against those of its model in FP32 under ONNX Runtime.

    Attributes:
        outputs: one entry per output.
        compared: what gave them.
        inputs: as `Method.inputs`.
        seed: of random input.
        weights: where the weights came from; ``""`` for the model's own.
        note: the text of an older file that does not parse: what was compared.
        quantized_nodes: nodes of the model that quantize, dequantize or compute on integers. The
            reference does without them, unless ``inseparable`` says otherwise.
        inseparable: the node, input or output for which the reference keeps them all; ``""`` if it
            does not.
        not_compared: the outputs that ``outputs`` lacks.
    """

    outputs: tuple[OutputAccuracy, ...]
    compared: Compared = Compared.OTHER
    inputs: str = ""
    seed: int = 0
    weights: str = ""
    note: str = ""
    quantized_nodes: int = 0
    inseparable: str = ""
    not_compared: tuple[NotCompared, ...] = ()

    @property
    def relative_l2(self) -> float:
        """The largest relative L2 error of an output; infinite if not every value is compared.

        Outputs with an empty reference are left out; NaN where no others are left.
        """
        judged = [output for output in self.outputs if not output.is_empty]
        # With outputs, but none that can be judged, 0 would pass for a perfect result.
        if (self.outputs or self.not_compared) and not judged:
            return math.nan
        return max((o.relative_l2 if o.is_comparable else math.inf for o in judged), default=0.0)
