"""Operations of the operators that are no products: so many for each result or each input.

One for each result of an elementwise operator, whatever function it is: an ``Erf`` costs more
instructions than an ``Add``, and both are bound by memory. Operators that only move data count 0.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from trtcore.models.onnx.workload.operands import Operands, results

# One for each result.
_ONE = """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor
    Ceil Celu Clip Cos Cosh Div Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid
    HardSwish IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu
    Pow Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish
    Tan Tanh ThresholdedRelu Where Xor
"""
# For each input element: sums, means and their like.
_REDUCTIONS = """
    ArgMax ArgMin CumSum GlobalAveragePool GlobalLpPool GlobalMaxPool ReduceL1 ReduceL2
    ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
"""
# For each element, by the steps of the definition: Softmax is maximum, subtract, exponential, sum,
# divide; LayerNormalization two means, subtract, square, divide, scale and shift.
_PER_ELEMENT = {
    "BatchNormalization": 2,
    "DequantizeLinear": 2,
    "DynamicQuantizeLinear": 4,
    "GroupNormalization": 7,
    "InstanceNormalization": 7,
    "LayerNormalization": 7,
    "LogSoftmax": 6,
    "LpNormalization": 3,
    "MeanVarianceNormalization": 5,
    "QuantizeLinear": 2,
    "RMSNormalization": 5,
    "Softmax": 5,
}
# What a result is interpolated from, in each resized dimension; a weight and a sum for each.
_TAPS = {"nearest": 0, "linear": 2, "bilinear": 2, "cubic": 4}


def _each_result(node: Operands) -> int:
    return results(node)


def _each_input(node: Operands) -> int:
    return prod(node.input(0))


def _per_element(count: int) -> Callable[[Operands], int]:
    return lambda node: count * _each_input(node)


def _pool(node: Operands) -> int:
    window: int = prod(node.attribute("kernel_shape", ()))
    return results(node) * window


def _lrn(node: Operands) -> int:
    # Squares and their sum over the window, then scale, add, power and divide.
    return results(node) * (int(node.attribute("size", 1)) + 5)


def _resize(node: Operands) -> int:
    taps: int = _TAPS.get(node.attribute("mode", "nearest"), 0)
    before, after = node.input(0), node.output()
    resized: int = sum(a != b for a, b in zip(before, after, strict=False))
    return 2 * prod(after) * int(taps**resized) if taps and resized else 0


def _grid_sample(node: Operands) -> int:
    taps: int = _TAPS.get(node.attribute("mode", "linear"), 2)
    return 2 * results(node) * int(taps ** (len(node.input(0)) - 2)) if taps else 0


def _bias(node: Operands) -> int:
    return results(node) if node.has_input(2) else 0


OPERATIONS: dict[str, Callable[[Operands], int]] = {
    **dict.fromkeys(_ONE.split(), _each_result),
    **dict.fromkeys(_REDUCTIONS.split(), _each_input),
    **{op: _per_element(count) for op, count in _PER_ELEMENT.items()},
    "AveragePool": _pool,
    "Conv": _bias,
    "ConvTranspose": _bias,
    "Gemm": _bias,
    "GridSample": _grid_sample,
    "LRN": _lrn,
    "LpPool": _pool,
    "MaxPool": _pool,
    "Resize": _resize,
    "Upsample": _resize,
}
"""From a node to its operations other than multiply-adds; what is not here only moves data."""
