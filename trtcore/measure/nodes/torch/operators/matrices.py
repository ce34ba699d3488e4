"""Products of matrices."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from trtcore.measure.nodes.torch.operators.call import Call, Kernel, Operator, plain


def _gemm(call: Call) -> Kernel:
    alpha, beta = call.get("alpha", 1.0), call.get("beta", 1.0)
    flip_a, flip_b = call.get("transA", 0), call.get("transB", 0)

    def kernel(a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
        a, b = a.t() if flip_a else a, b.t() if flip_b else b
        if c is not None:
            # One call for product and bias, as in PyTorch's own linear layers.
            return torch.addmm(c, a, b, beta=beta, alpha=alpha)
        return torch.mm(a, b) if alpha == 1 else alpha * torch.mm(a, b)

    return kernel


def _einsum(call: Call) -> Kernel:
    return partial(torch.einsum, call.get("equation"))


OPERATORS: Mapping[str, Operator] = {
    "Einsum": Operator(_einsum),
    "Gemm": Operator(_gemm),
    "MatMul": plain(torch.matmul),
}
