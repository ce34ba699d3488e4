"""The FP32 reference under ONNX Runtime, and the error of other precisions against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trtcore.models.inputs import Source, source_text
from trtcore.models.model import Model
from trtcore.models.onnx.input_roles import make_model_inputs
from trtcore.models.onnx.randomness import random_outputs
from trtcore.precision.accuracy.ahead import Ahead
from trtcore.precision.accuracy.emulation import emulated
from trtcore.precision.accuracy.nonfinite import first_nonfinite_node, with_outputs
from trtcore.precision.accuracy.outputs import Arrays, compare_outputs, find_obstacles
from trtcore.precision.accuracy.unquantized import Unquantized, without_quantization
from trtcore.precision.convert.apply import own_precision
from trtcore.precision.convert.nodes import quantized_nodes
from trtcore.precision.request import Precision
from trtcore.result.records.accuracy import (
    Accuracy,
    Compared,
    NotCompared,
    Obstacle,
    OutputAccuracy,
)

Outputs = dict[str, NDArray[Any]]


class RunModel(Protocol):
    """Runs a graph once on inputs by name, and returns its outputs by name."""

    def __call__(self, model: Model, inputs: Arrays, *, threads: int | None) -> Outputs:
        """Runs it on this number of threads; None is one per physical core."""


@dataclass(frozen=True)
class Reference:
    """A model in FP32 on one input: the reference of all other precisions.

    The weights of a 16-bit model are taken as they are, and everything is computed in FP32. Of a
    quantized model it is the same without its Quantize and Dequantize nodes, where that can be had.

    Attributes:
        model: as it was loaded.
        run: runs a graph on an input, such as `run_model` of ONNX Runtime.
        source: of its inputs, see `make_inputs`.
        seed: of random input.
        threads: within an operator; the number of physical cores if left out.
    """

    model: Model
    run: RunModel
    source: Source = "random"
    seed: int = 0
    threads: int | None = None

    @cached_property
    def outputs(self) -> Outputs:
        """The outputs by name, computed once.

        Raises:
            ModelError: ONNX Runtime cannot run the model.
            OptionError: the input does not fit.
        """
        ahead: Ahead[Outputs] | None = vars(self).get("_ahead")
        return self._computed() if ahead is None else ahead.result()

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Computes the outputs in a thread while the ``with`` block runs, and waits for them.

        `outputs` has them afterwards, or raises what went wrong.
        """
        ahead = Ahead(self._computed)
        vars(self)["_ahead"] = ahead  # where a cached property is too: the dataclass is frozen
        try:
            yield
        finally:
            # Even after an error: a process must not end while ONNX Runtime computes in it.
            ahead.wait()

    def _computed(self) -> Outputs:
        return self._run(self._unquantized.model, rounds=False)

    @cached_property
    def _drawn(self) -> dict[str, tuple[str, ...]]:
        return random_outputs(self.model.proto)

    @cached_property
    def _unquantized(self) -> Unquantized:
        return without_quantization(self.model)

    def of_engine(self, graph: Model, outputs: Arrays) -> Accuracy:
        """Compares the outputs of an engine for the same input.

        Args:
            graph: the graph the engine was built from, to find where NaN or infinity begins.
            outputs: of the engine, by name.
        """
        return self._accuracy(graph, outputs, Compared.ENGINE)

    def of_graph(self, graph: Model) -> Accuracy:
        """Compares the outputs of a converted graph on the CPU, every value rounded to its type."""
        return self._accuracy(graph, self._run(graph), Compared.GRAPH_ON_CPU)

    def _accuracy(self, graph: Model, outputs: Arrays, compared: Compared) -> Accuracy:
        expected = {name: one for name, one in self.outputs.items() if name not in self._drawn}
        outputs_accuracy = compare_outputs(expected, outputs, _smallest_normal(graph))
        drawn = (
            NotCompared(name, Obstacle.RANDOM, nodes=nodes) for name, nodes in self._drawn.items()
        )
        return Accuracy(
            self._with_first_bad_node(outputs_accuracy, graph),
            compared,
            inputs=source_text(self.source),
            seed=self.seed,
            weights="" if self.model.weights == "file" else self.model.weights,
            quantized_nodes=quantized_nodes(self.model.proto),
            inseparable=self._unquantized.inseparable,
            not_compared=(*drawn, *find_obstacles(expected, outputs)),
        )

    def _with_first_bad_node(
        self, accuracies: tuple[OutputAccuracy, ...], graph: Model
    ) -> tuple[OutputAccuracy, ...]:
        """Finds the node where NaN or infinity began, by running the graph on the CPU."""
        if not any(accuracy.nan_count or accuracy.inf_count for accuracy in accuracies):
            return accuracies
        node = first_nonfinite_node(graph, lambda names: self._run(graph, names))
        return tuple(
            replace(accuracy, first_bad_node=node)
            if accuracy.nan_count or accuracy.inf_count
            else accuracy
            for accuracy in accuracies
        )

    def _run(self, graph: Model, names: Sequence[str] = (), *, rounds: bool = True) -> Outputs:
        inputs = make_model_inputs(graph, self.source, self.seed)
        inputs = {name: _widened(array) for name, array in inputs.items()}
        wide = emulated(graph, rounds=rounds)
        return self.run(with_outputs(wide, names) if names else wide, inputs, threads=self.threads)


def _smallest_normal(graph: Model) -> float:
    """The smallest normal value of the type that most of a graph is in; BF16 has that of FP32."""
    is_half = own_precision(graph) is Precision.FP16
    return float(np.finfo(np.float16 if is_half else np.float32).smallest_normal)


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32) if array.dtype == np.float16 else array
