"""A chain of transformer blocks as ONNX: attention and MLP, each with LayerNorm and a residual."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET = 20


def transformer_blocks(blocks: int, tokens: int, width: int, heads: int) -> onnx.ModelProto:
    """Returns a model of one input ``x`` (1, tokens, width) and output ``y`` of the same shape.

    Args:
        blocks: how many blocks.
        tokens: sequence length.
        width: of the residual stream; a multiple of ``heads``.
        heads: of the attention.
    """
    chain = _Chain(np.random.default_rng(0), width, heads)
    last = "x"
    for block in range(blocks):
        last = chain.block(f"block_{block}", last)
    chain.node("Identity", "out", [last], "y")
    shape = [1, tokens, width]
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("x", "y"))
    graph = helper.make_graph(chain.nodes, "blocks", [x], [y], chain.weights)
    opset = helper.make_opsetid("", _OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=10)


class _Chain:
    def __init__(self, random: np.random.Generator, width: int, heads: int) -> None:
        self.random, self.width, self.heads = random, width, heads
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, op: str, name: str, inputs: list[str], output: str = "", **more: object) -> str:
        output = output or f"{name}_out"
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **more))
        return output

    def constant(self, name: str, values: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def block(self, name: str, x: str) -> str:
        x = self.node("Add", f"{name}/add", [x, self.attention(f"{name}/attention", x)])
        hidden = self.linear(f"{name}/up", self.norm(f"{name}/norm", x), 4 * self.width)
        down = self.linear(f"{name}/down", self.node("Gelu", f"{name}/gelu", [hidden]), self.width)
        return self.node("Add", f"{name}/residual", [x, down])

    def attention(self, name: str, x: str) -> str:
        x = self.norm(f"{name}/norm", x)
        query, value = (self.split(f"{name}/{part}", x, [0, 2, 1, 3]) for part in ("q", "v"))
        key = self.split(f"{name}/k", x, [0, 2, 3, 1])
        scores = self.node("MatMul", f"{name}/scores", [query, key])
        root = self.constant(f"{name}/root", np.float32(np.sqrt(self.width // self.heads)))
        scaled = self.node("Div", f"{name}/scale", [scores, root])
        weights = self.node("Softmax", f"{name}/softmax", [scaled], axis=-1)
        mixed = self.node("MatMul", f"{name}/mix", [weights, value])
        turned = self.node("Transpose", f"{name}/turn", [mixed], perm=[0, 2, 1, 3])
        shape = self.constant(f"{name}/shape", np.array([0, 0, self.width], np.int64))
        joined = self.node("Reshape", f"{name}/join", [turned, shape])
        return self.linear(f"{name}/project", joined, self.width)

    def split(self, name: str, x: str, perm: list[int]) -> str:
        """The heads of a projection, by the first axis but one."""
        size = self.width // self.heads
        shape = self.constant(f"{name}/shape", np.array([0, 0, self.heads, size], np.int64))
        parts = self.node("Reshape", f"{name}/split", [self.linear(name, x, self.width), shape])
        return self.node("Transpose", f"{name}/turn", [parts], perm=perm)

    def norm(self, name: str, x: str) -> str:
        scale = self.constant(f"{name}/scale", np.ones(self.width, np.float32))
        bias = self.constant(f"{name}/bias", np.zeros(self.width, np.float32))
        return self.node("LayerNormalization", name, [x, scale, bias], axis=-1)

    def linear(self, name: str, x: str, size: int) -> str:
        inner = self.width if not name.endswith("/down") else 4 * self.width
        values = self.random.standard_normal((inner, size)) / np.sqrt(inner)
        weight = self.constant(f"{name}/weight", values.astype(np.float32))
        return self.node("MatMul", f"{name}/matmul", [x, weight])
