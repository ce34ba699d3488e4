"""Why a build failed: the node that TensorRT has nothing for, or TensorRT's own words."""

from __future__ import annotations

import re

from onnx import NodeProto

from trtcore.errors import BuildError, argument
from trtcore.models.model import Model
from trtcore.models.onnx.walk import walk_nodes
from trtcore.system.quotations import quoting

# What TensorRT-RTX and TensorRT say of a layer that no kernel exists for, by its name.
_WITHOUT_KERNEL = re.compile(
    r"(?P<rtx>\S+) has no runners that implement it|any implementation for node (?P<trt>\S+?)[. ]"
)
# The parser appends a number where a node becomes several layers.
_NUMBER = re.compile(r"_\d+$")


def build_error(label: str, model: Model, hint: str, words: str) -> BuildError:
    """The error of a build that failed.

    Args:
        label: of the builder, with its version.
        model: what was to be built.
        hint: what was asked of the build, with its way out.
        words: TensorRT's last errors.
    """
    node = _without_kernel(model, words)
    if node is None:
        return quoting(BuildError, f"{label} could not build it{hint}: ", words)
    what = f"{label} has no implementation of node '{node.name}' ({node.op_type})"
    return quoting(BuildError, f"{what}: {_way_out(model, node)}", "", whole=words)


def _without_kernel(model: Model, words: str) -> NodeProto | None:
    """The node that TensorRT names; None where it names none, or several that it fused."""
    found = _WITHOUT_KERNEL.search(words)
    if found is None:
        return None
    name = found["rtx"] or found["trt"]
    names = (name, _NUMBER.sub("", name))
    nodes = {node.name: node for node in walk_nodes(model.proto.graph) if node.name in names}
    return next((nodes[one] for one in names if one in nodes), None)


def _way_out(model: Model, node: NodeProto) -> str:
    on_cpu = f"time it whole on the CPU with {argument('backend', 'onnxruntime')}"
    for layer, above in model.ends.items():
        if f"{node.name}/".startswith(f"{layer}/"):
            return f"end the net above it with {argument('outputs', list(above))}, or {on_cpu}"
    return f"end the graph above it (onnx.utils.extract_model), or {on_cpu}"
