"""An ONNX graph as a list of PyTorch calls, one per node that has to be run every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from onnx import NodeProto
from torch import Tensor

from trtcore.errors import ModelError, RunError
from trtcore.measure.nodes.torch.operators.call import Kernel
from trtcore.measure.nodes.torch.tensors import to_numpy
from trtcore.models.onnx.graph import spaced
from trtcore.result.records.layers import Layer
from trtcore.system.quotations import quoting

Values = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Step:
    """One node that is run.

    Attributes:
        layer: what the node is.
        kernel: runs it.
        inputs: names of its inputs; None where an optional one is omitted.
        outputs: names of its outputs, or ``""``.
        dead: values that no later node reads.
    """

    layer: Layer
    kernel: Kernel
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    dead: tuple[str, ...]

    def run(self, values: Values) -> None:
        """Takes its inputs from the values and puts its outputs there."""
        outputs = self.kernel(*[None if name is None else values[name] for name in self.inputs])
        # Not strict: PyTorch's functions also return outputs that the node leaves out.
        if isinstance(outputs, tuple):
            values.update(zip(self.outputs, outputs, strict=False))
        else:
            values[self.outputs[0]] = outputs
        # Freed as early as PyTorch's own modules do, or activations would add up to all of them.
        for name in self.dead:
            del values[name]


@dataclass(frozen=True, eq=False)
class TorchGraph:
    """A model ready to run.

    Attributes:
        name: of the model.
        steps: in the order of the graph.
        given: inputs and constants on the device.
        outputs: names of the graph's outputs.
        known: nodes that are not run, because their results are constant.
    """

    name: str
    steps: tuple[Step, ...]
    given: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    known: tuple[NodeProto, ...]

    def run(self) -> dict[str, NDArray[Any]]:
        """Runs once and returns the outputs by name."""
        values = dict(self.given)
        for step in self.steps:
            with explained(self.name, step.layer):
                step.run(values)
        return {name: to_numpy(values[name]) for name in self.outputs}


@contextmanager
def explained(model: str, layer: Layer) -> Iterator[None]:
    """Turns an exception of PyTorch into an error that names the node."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as problem:
        raise quoting(RunError, f"{model}: {_where(layer)}: ", spaced(problem)) from None
    except (RuntimeError, IndexError, TypeError, ValueError, NotImplementedError) as problem:
        start = f"{model}: PyTorch: {_where(layer)}: "
        raise quoting(ModelError, start, spaced(problem)) from None


def _where(layer: Layer) -> str:
    return f"node '{layer.name}' ({layer.kind})"
