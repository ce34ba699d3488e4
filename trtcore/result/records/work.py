"""What a node of the model has to do, whatever engine runs it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NodeWork:
    """The work of one node at the shapes of the run, by closed forms of its operator.

    Attributes:
        macs: multiply-adds of products and convolutions; 0 for everything else.
        flops: floating-point operations: two for a multiply-add, and for elementwise operators one
            for each result, whatever function that is.
        weights: elements of its constant inputs.
        outputs: elements of each output; -1 where the shape is not known.
    """

    macs: int = 0
    flops: int = 0
    weights: int = 0
    outputs: tuple[int, ...] = ()
