"""The FP32 reference under ONNX Runtime, and what another precision makes of the model there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.accuracy import OutputAccuracy, compare_outputs
from trtcore.emulation import emulated
from trtcore.inputs import make_inputs
from trtcore.models.model import Model
from trtcore.models.onnx_graph import model_inputs
from trtcore.nonfinite import first_nonfinite_node, with_outputs

Outputs = dict[str, NDArray[Any]]


def reference_outputs(
    model: Model,
    source: str | Path = "random",
    seed: int = 0,
    threads: int | None = None,
    names: Sequence[str] = (),
) -> Outputs:
    """Runs a model on the CPU, on input made from a seed.

    A 16-bit model gets the same input, rounded, and is computed with every value rounded to its
    type; its outputs come back as float32.

    Args:
        model: in any precision.
        source: ``random``, ``zeros`` or an ``.npz``, see `make_inputs`.
        seed: of random input.
        threads: within an operator; the number of physical cores if left out.
        names: inner values to return in place of the outputs.

    Raises:
        ModelError: ONNX Runtime cannot run the model.
        OptionError: the input does not fit.
    """
    from trtcore.backends.onnxruntime import run_model

    inputs = make_inputs(model_inputs(model), source, seed)
    inputs = {name: _widened(array) for name, array in inputs.items()}
    wide = emulated(model)
    return run_model(with_outputs(wide, names) if names else wide, inputs, threads=threads)


def accuracy_on_cpu(
    reference: Model,
    model: Model,
    source: str | Path = "random",
    seed: int = 0,
    threads: int | None = None,
) -> tuple[OutputAccuracy, ...]:
    """Accuracy of a converted graph on the CPU, with the node where NaN or infinity began.

    Args:
        reference: the FP32 model.
        model: the same in another precision.
        source: as for `reference_outputs`.
        seed: of random input.
        threads: within an operator.
    """
    expected = reference_outputs(reference, source, seed, threads)
    accuracies = compare_outputs(expected, reference_outputs(model, source, seed, threads))
    return with_first_bad_node(accuracies, model, source, seed, threads)


def with_first_bad_node(
    accuracies: tuple[OutputAccuracy, ...],
    model: Model,
    source: str | Path = "random",
    seed: int = 0,
    threads: int | None = None,
) -> tuple[OutputAccuracy, ...]:
    """Finds the node where NaN or infinity began, by running the graph on the CPU.

    Args:
        accuracies: of the outputs; those without NaN and infinity stay as they are.
        model: the converted graph.
        source: the input that was used.
        seed: of that input.
        threads: within an operator.
    """
    if not any(accuracy.nan_count or accuracy.inf_count for accuracy in accuracies):
        return accuracies
    node = first_nonfinite_node(
        model, lambda names: reference_outputs(model, source, seed, threads, names)
    )
    return tuple(
        replace(accuracy, first_bad_node=node)
        if accuracy.nan_count or accuracy.inf_count
        else accuracy
        for accuracy in accuracies
    )


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32) if array.dtype == np.float16 else array
