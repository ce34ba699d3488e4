"""LSTM in its standard form: one sequence in each column, which begins at the first step.

Source: BVLC/caffe src/caffe/layers/recurrent_layer.cpp and lstm_layer.cpp.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from onnx import numpy_helper

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor, text
from trtcore.models.caffe.layers.converter import Converter
from trtcore.models.caffe.weights import Maker

# Caffe stacks the gates as input, forget, output, cell; ONNX as input, output, forget, cell.
_GATES = (0, 2, 1, 3)


def lstm(builder: LayerBuilder) -> list[Tensor]:
    """ONNX's LSTM over steps x batch x values.

    The second bottom says where sequences begin: a 0 forgets what was before. ONNX knows whole
    sequences alone, so it is taken as 0 at the first step and 1 at all others, which the notes say.
    """
    param, shape = builder.param("recurrent_param"), builder.bottom.shape
    if param.expose_hidden or len(builder.bottoms) > 2:
        builder.unsupported("takes two bottoms, without expose_hidden or a static input")
    if len(shape) < 3 or builder.bottoms[1].shape != shape[:2] or param.num_output < 1:
        builder.refuse(
            f"takes steps x batch x values, markers of steps x batch and a num_output, got "
            f"{text(shape)}, {text(builder.bottoms[1].shape)} and {param.num_output}"
        )
    steps, batch, size = shape[0], shape[1], math.prod(shape[2:])
    hidden = param.num_output
    builder.notes.append(
        f"{builder.layer}: {builder.layer.bottoms[1]!r} is not read, every sequence begins at the "
        "first step"
    )
    sequence = _flattened(builder, (steps, batch, size))
    top = (steps, batch, hidden)
    inputs = [sequence, *_weights(builder, size, hidden)]
    result = Tensor("steps", (steps, 1, batch, hidden))
    (result,) = builder.nodes("LSTM", inputs, [result], "lstm", hidden_size=hidden)
    return [builder.node("Reshape", [result, builder.integers("shape", top)], top)]


def _flattened(builder: LayerBuilder, shape: tuple[int, int, int]) -> Tensor:
    if builder.bottom.shape == shape:
        return builder.bottom
    target = builder.integers("sequence", shape)
    return builder.node("Reshape", [builder.bottom, target], shape, "reshape")


def _weights(builder: LayerBuilder, size: int, hidden: int) -> list[Tensor]:
    """Weights of inputs and states, and the bias, in ONNX's order of gates."""
    inputs = builder.blob(0, (4 * hidden, size), fan_in=size)
    bias = builder.blob(1, (4 * hidden,))
    states = builder.blob(2, (4 * hidden, hidden), fan_in=hidden)
    # ONNX adds two biases; Caffe has the one.
    both = (1, 8 * hidden)
    return [
        builder.derived("w", (1, 4 * hidden, size), lambda: _by_gate(inputs)[None]),
        builder.derived("r", (1, 4 * hidden, hidden), lambda: _by_gate(states)[None]),
        builder.derived(
            "b", both, lambda: np.concatenate([_by_gate(bias), np.zeros_like(bias())])[None]
        ),
    ]


def _by_gate(make: Maker) -> NDArray[np.float32]:
    gates = np.split(make(), 4)
    return np.concatenate([gates[index] for index in _GATES])


def continuation_indicator(builder: LayerBuilder) -> list[Tensor]:
    """Constant of steps x batch: 0 at the first step and 1 at all others.

    Source: the ContinuationIndicator layer of Caffe forks for text recognition.
    """
    param = builder.param("continuation_indicator_param")
    if min(param.time_step, param.batch_size) < 1:
        builder.refuse("takes a time_step and a batch_size")
    values = np.ones((param.time_step, param.batch_size), np.float32)
    values[0] = 0
    return [builder.node("Constant", [], values.shape, value=numpy_helper.from_array(values))]


CONVERTERS = {
    "LSTM": Converter(lstm, bottoms=(2, 3)),
    "ContinuationIndicator": Converter(continuation_indicator, bottoms=(0, 0)),
}
