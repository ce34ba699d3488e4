"""Why a model node is where it is: with a layer, folded, eliminated, or not known."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """What accounts for one model node, each checkable on the graph and the engine's layers.

    The value is the short form for lists.
    """

    NAMED = "named by a layer"
    """A layer names the node, in its metadata or its own name."""
    IN_RANGE = "inside a ForeignNode"
    """It lies between the two ends that an opaque layer names."""
    BY_TENSORS = "between the tensors of a layer"
    """A layer without metadata reads a tensor before it and writes one behind it."""
    BETWEEN_LAYERS = "between the layers on both sides"
    """A layer without metadata stands between the layers of its neighbours, where it is missing."""
    INSIDE_GROUP = "between nodes of one group"
    """All paths into it come from one group, and all paths out of it go into the same one."""
    IN_KERNEL_NAME = "listed in a kernel's name"
    """Of the layers beside it, one alone is a generated kernel whose name lists its operator."""
    SAME_PRODUCT = "computed once for several nodes"
    """Another node does the same to the same data, and the layer that reads it reads its result."""
    IN_FIRST_READER = "computed by the layer that reads it"
    """What the layers before it hand out lies before it in the model, and goes straight to the
    first layer that needs it, which therefore computes it; later layers may do so again."""

    CONSTANT = "constant"
    """It depends on no network input."""
    SHAPE_ONLY = "shapes only"
    """It depends on network inputs through nothing but their shapes."""

    NO_OP = "does nothing"
    """Identity, or Dropout as it is in inference."""
    VIEW = "same bytes, another shape"
    """Reshape, Flatten, Squeeze or Unsqueeze of a tensor."""
    MOVED_BY_NEIGHBOURS = "moved by its neighbours"
    """It only copies, rearranges or converts, and every layer beside it is known: they do it."""
    SCALED_BY_NEIGHBOURS = "a factor of a product beside it"
    """It multiplies or divides by constants what goes straight from one layer to another, of matrix
    products or convolutions on one side: as c (X W) = X (c W), they can have the factor inside."""
    DEAD = "no output needs it"
    """No path goes from it to an output of the network."""

    AMBIGUOUS = "several layers could run it"
    """Layers beside it are known, but nothing says which of them runs it."""
    NO_LAYER = "no layer beside it is known"
    """Neither what it reads nor what reads it is mapped to a layer."""


TIMED = frozenset(
    {
        Reason.NAMED,
        Reason.IN_RANGE,
        Reason.BY_TENSORS,
        Reason.BETWEEN_LAYERS,
        Reason.INSIDE_GROUP,
        Reason.IN_KERNEL_NAME,
        Reason.SAME_PRODUCT,
        Reason.IN_FIRST_READER,
    }
)
"""Reasons of nodes that are in a group of layers."""
FOLDED = frozenset({Reason.CONSTANT, Reason.SHAPE_ONLY})
"""Reasons of nodes whose result is known before the network runs."""
ELIMINATED = frozenset(
    {
        Reason.NO_OP,
        Reason.VIEW,
        Reason.MOVED_BY_NEIGHBOURS,
        Reason.SCALED_BY_NEIGHBOURS,
        Reason.DEAD,
    }
)
"""Reasons of nodes that need no layer."""
UNKNOWN = frozenset({Reason.AMBIGUOUS, Reason.NO_LAYER})
"""Reasons of nodes that could not be mapped."""
