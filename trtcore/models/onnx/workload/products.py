"""Multiply-adds of the operators that are products and sums of them: closed forms, by operator.

Source: the definitions in the ONNX operator schemas. Biases are additions, not multiply-adds, and
are counted in `elementwise`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from trtcore.models.onnx.workload.operands import Operands, UnknownShapeError, results


def _conv(node: Operands, weights: int = 1) -> int:
    # Weights (M, C / group, k...): each result is a sum over all but the first axis.
    return results(node) * prod(node.input(weights)[1:])


def _conv_transpose(node: Operands) -> int:
    # Weights (C, M / group, k...): each input element is multiplied with all but the first axis.
    return prod(node.input(0)) * prod(node.input(1)[1:])


def _matmul(node: Operands) -> int:
    shape = node.input(0)
    if not shape:
        raise UnknownShapeError
    return results(node) * shape[-1]


def _gemm(node: Operands) -> int:
    rows = node.input(0)
    return results(node) * rows[0 if node.attribute("transA", 0) else 1]


def _einsum(node: Operands) -> int:
    """All indices together, as one contraction; 0 for a single operand, which is only summed."""
    equation = node.attribute("equation", "").replace(" ", "")
    terms = equation.split("->")[0].split(",")
    if len(terms) < 2:
        return 0
    sizes: dict[str, int] = {}
    for i, term in enumerate(terms):
        shape = node.input(i)
        letters = term.replace("...", "")
        # What ``...`` stands for, in front, as `numpy.einsum` broadcasts it.
        free = shape[: len(shape) - len(letters)]
        for letter, size in (*zip(letters, shape[len(free) :], strict=True), ("...", prod(free))):
            sizes[letter] = max(sizes.get(letter, 1), size)
    return prod(sizes.values())


def _recurrent(gates: int) -> Callable[[Operands], int]:
    def count(node: Operands) -> int:
        # X: steps, batch, inputs, or batch first; W: directions, gates * hidden, inputs.
        first, second, inputs = node.input(0)
        directions, rows, _ = node.input(1)
        hidden = rows // gates
        return first * second * directions * rows * (inputs + hidden)

    return count


def _attention(node: Operands) -> int:
    """Opset 23: scores and their product with the values, by 3 or 4 dimensions."""
    query, key, value = (node.input(i) for i in range(3))
    past = node.input(4)[-2] if node.has_input(4) else 0
    if len(query) == 4:
        batch, heads, length, size = query
        return batch * heads * length * (key[-2] + past) * (size + value[-1])
    batch, length, width = query
    heads = int(node.attribute("q_num_heads", 1))
    groups = int(node.attribute("kv_num_heads", heads))
    return batch * length * (key[1] + past) * (width + heads * value[-1] // groups)


PRODUCTS: dict[str, Callable[[Operands], int]] = {
    "Attention": _attention,
    "Conv": _conv,
    "ConvInteger": _conv,
    "ConvTranspose": _conv_transpose,
    "DeformConv": _conv,
    "Einsum": _einsum,
    "GRU": _recurrent(3),
    "Gemm": _gemm,
    "LSTM": _recurrent(4),
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "QLinearConv": lambda node: _conv(node, weights=3),
    "QLinearMatMul": lambda node: prod(node.output()) * node.input(0)[-1],
    "RNN": _recurrent(1),
}
"""From a node to its multiply-adds."""
