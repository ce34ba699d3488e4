"""Whether two graphs are of one model: what trtcore itself wrote into them is no difference."""

from __future__ import annotations

import re

from trtcore.errors import ResultError, argument, few
from trtcore.result.analysis.fusion.groups import model_graph
from trtcore.result.records.layers import ModelNode
from trtcore.result.records.profile import Profile

# Precisions add these to a model's graph, which stays the same model for it.
_CONVERSIONS = frozenset({"Cast", "QuantizeLinear", "DequantizeLinear"})
_CONSTANT = "Constant"
# What carrying a batch puts in (`models/onnx/batch_edits.py` and `batch_free.py`) reads constants
# that are named for it: the items it takes, where it cuts, what it multiplies the batch with.
_OF_A_BATCH = frozenset({"Gather", "Slice", "Mul", "Add"})
_OWN_CONSTANT = re.compile(r"__(?:items|start|axis|factors|fixed)(?:_\d+)?")
_SCALED = "__scaled"  # the one of two steps that has its constants in the other's name
_BATCH_SHAPE = re.compile(r".*__batch(?:_\d+)?__shape", re.DOTALL)


def is_added(node: ModelNode) -> bool:
    """Whether trtcore put a node into the graph, to carry a batch or to write a precision.

    It is told by its names, so that results of every version can be compared: such a node is
    called like the one tensor it writes.
    """
    if node.op in _CONVERSIONS:
        return True
    if node.outputs != (node.name,):
        return False
    if node.op == "Shape":
        return _BATCH_SHAPE.fullmatch(node.name) is not None
    # In front of recurrent nodes, for a fault of TensorRT: it changes nothing.
    if node.op == "Max":
        return len(node.inputs) == 2 and len({*node.inputs}) == 1
    return node.op in _OF_A_BATCH and _reads_own_constant(node)


def check_same_graph(profiles: tuple[Profile, Profile], names: tuple[str, str]) -> None:
    """Raises ResultError if the graphs of two profiles are not of one model.

    Args:
        profiles: both with the nodes of their models.
        names: what the error calls them.
    """
    base, new = (_operators(profile) for profile in profiles)
    differing = [name for name in dict.fromkeys((*base, *new)) if base.get(name) != new.get(name)]
    # Only where it matters: it takes the whole graph.
    if differing:
        constants = _constants_of_one(profiles, (base, new))
        differing = [name for name in differing if name not in constants]
    if not differing:
        return
    named = few(f"'{name}'" for name in differing)
    raise ResultError(
        f"{names[0]} ({len(base)} nodes) and {names[1]} ({len(new)} nodes) are not the same model: "
        f"{named} differ; {argument('allow_partial', True)} compares what is in both"
    )


def _operators(profile: Profile) -> dict[str, str]:
    """The operators of the user's nodes by their names.

    Constants are left out: a file may hold one as a node or among its weights, and where one counts
    the items of a batch, another takes its place.
    """
    return {
        node.name: node.op
        for node in profile.model.nodes
        if node.op != _CONSTANT and not is_added(node)
    }


def _constants_of_one(
    profiles: tuple[Profile, Profile], operators: tuple[dict[str, str], dict[str, str]]
) -> set[str]:
    """Nodes of one side that compute a constant, for which the other side may hold the values."""
    base, new = (
        {name for name in model_graph(profile).constants() if name in own}
        for profile, own in zip(profiles, operators, strict=True)
    )
    return (base - operators[1].keys()) | (new - operators[0].keys())


def _reads_own_constant(node: ModelNode) -> bool:
    start = node.name.removesuffix(_SCALED)
    read = (tensor.removeprefix(start) for tensor in node.inputs[1:] if tensor.startswith(start))
    return any(_OWN_CONSTANT.fullmatch(rest) for rest in read)
