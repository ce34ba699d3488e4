"""The runtimes that can time the un-fused model: one row for each of `result.backends`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from trtcore.system.lazy import lazily

if TYPE_CHECKING:
    from trtcore.measure.nodes.run import NodeRun


def _no_problem() -> str:
    return ""


class NodeTimer(NamedTuple):
    """A runtime that runs a model node by node.

    Attributes:
        profile_nodes: from a model and its inputs by name, with ``iterations`` and ``progress`` by
            keyword, to what was measured.
        package: Python package that it needs; ``""`` for none but trtcore's own dependencies.
        import_problem: why it cannot be imported here; ``""`` if it can.
        gpu_problem: why it cannot use the GPU that is there; ``""`` if it can.
        uses_gpu: ``auto`` takes the first one that does, where there is a GPU; else the first that
            does not.
    """

    profile_nodes: Callable[..., NodeRun]
    package: str = ""
    import_problem: Callable[[], str] = _no_problem
    gpu_problem: Callable[[], str] = _no_problem
    uses_gpu: bool = False


TIMERS: Mapping[str, NodeTimer] = {
    "onnxruntime": NodeTimer(
        lazily("trtcore.measure.nodes.onnxruntime.profile", "profile_nodes"),
    ),
    "torch": NodeTimer(
        lazily("trtcore.measure.nodes.torch.eager", "profile_nodes"),
        package="torch",
        import_problem=lazily("trtcore.measure.nodes.torch.available", "import_problem"),
        gpu_problem=lazily("trtcore.measure.nodes.torch.available", "gpu_use_problem"),
        uses_gpu=True,
    ),
}
"""By the name of the backend."""
