"""Small transformers as the exporters write them: real weights, one or two layers, every mask.

Each is a function that returns the graph; `CASES` names them with an input that makes sense.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from trtcore.models.load import load_model
from trtcore.models.model import Model

LOWEST = float(np.finfo(np.float32).min)
VOCABULARY, TOKENS, HIDDEN, HEADS = 101, 12, 32, 4
SIZE = HIDDEN // HEADS
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


class Net:
    """A graph in the making: operators as methods that return the name of what they write."""

    def __init__(self, name: str, opset: int = 17, seed: int = 0) -> None:
        self.name, self.opset = name, opset
        self.scope = ""
        self.random = np.random.default_rng(seed)
        self.nodes: list[object] = []
        self.tensors: list[TensorProto] = []
        self.inputs: list[object] = []

    def input(self, name: str, elem_type: int, shape: Sequence[int]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, elem_type, shape))
        return name

    def op(self, op_type: str, *reads: str, **attributes: object) -> str:
        return self.ops(op_type, 1, *reads, **attributes)[0]

    def ops(self, op_type: str, count: int, *reads: str, **attributes: object) -> list[str]:
        name = f"{self.scope}{op_type}_{len(self.nodes)}"
        outputs = [f"{name}_output_{index}" for index in range(count)]
        self.nodes.append(helper.make_node(op_type, list(reads), outputs, name, **attributes))
        return outputs

    def tensor(self, values: object, dtype: type = np.float32, name: str = "") -> str:
        """An initializer, as torch's legacy exporter writes what it folded."""
        name = name or f"{self.scope}tensor_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def constant(self, values: object, dtype: type = np.float32) -> str:
        """A Constant node, as the same exporter writes scalars."""
        return self.op("Constant", value=numpy_helper.from_array(np.asarray(values, dtype)))

    def ints(self, *values: int) -> str:
        return self.tensor(values, np.int64)

    def weights(self, *shape: int) -> str:
        scale = 1 / np.sqrt(shape[0]) if len(shape) > 1 else 0.1
        return self.tensor(self.random.standard_normal(shape) * scale)

    def linear(self, x: str, width: int, out: int) -> str:
        return self.op("Add", self.op("MatMul", x, self.weights(width, out)), self.weights(out))

    def norm(self, x: str) -> str:
        scale = self.tensor(1 + self.random.standard_normal(HIDDEN) * 0.1)
        return self.op("LayerNormalization", x, scale, self.weights(HIDDEN), axis=-1)

    def rms_norm(self, x: str) -> str:
        """As T5 and Llama have it: in pieces."""
        square = self.op("Pow", x, self.constant(2.0))
        mean = self.op("ReduceMean", square, axes=[-1], keepdims=1)
        root = self.op("Sqrt", self.op("Add", mean, self.constant(1e-5)))
        scaled = self.op("Div", x, root)
        return self.op("Mul", self.tensor(1 + self.random.standard_normal(HIDDEN) * 0.1), scaled)

    def heads(self, x: str, shape: Sequence[int] = (1, TOKENS, HEADS, SIZE)) -> str:
        return self.op("Transpose", self.op("Reshape", x, self.ints(*shape)), perm=[0, 2, 1, 3])

    def scores(self, query: str, key: str) -> str:
        turned = self.op("Transpose", key, perm=[0, 1, 3, 2])
        return self.op("Div", self.op("MatMul", query, turned), self.constant(np.sqrt(SIZE)))

    def attend(self, scores: str, value: str, shape: Sequence[int] = (1, TOKENS, HIDDEN)) -> str:
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), value)
        joined = self.op(
            "Reshape", self.op("Transpose", mixed, perm=[0, 2, 1, 3]), self.ints(*shape)
        )
        return self.linear(joined, HIDDEN, HIDDEN)

    def self_attention(self, x: str, mask: Callable[[str], str]) -> str:
        query, key, value = (self.heads(self.linear(x, HIDDEN, HIDDEN)) for _ in range(3))
        return self.attend(mask(self.scores(query, key)), value)

    def gelu(self, x: str) -> str:
        half = self.op("Erf", self.op("Div", x, self.constant(np.sqrt(2.0))))
        product = self.op("Mul", x, self.op("Add", half, self.constant(1.0)))
        return self.op("Mul", product, self.constant(0.5))

    def tanh_gelu(self, x: str) -> str:
        cube = self.op("Mul", self.op("Pow", x, self.constant(3.0)), self.constant(0.044715))
        inner = self.op("Mul", self.op("Add", x, cube), self.constant(np.sqrt(2 / np.pi)))
        gate = self.op("Add", self.op("Tanh", inner), self.constant(1.0))
        return self.op("Mul", self.op("Mul", x, self.constant(0.5)), gate)

    def mlp(self, x: str, activation: Callable[[str], str]) -> str:
        return self.linear(activation(self.linear(x, HIDDEN, 2 * HIDDEN)), 2 * HIDDEN, HIDDEN)

    def finish(self, **outputs: str) -> ModelProto:
        """The graph; outputs get their names by a last Identity, types and shapes are inferred."""
        for name, value in outputs.items():
            self.nodes.append(helper.make_node("Identity", [value], [name], f"{name}_out"))
        infos = [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, self.name, self.inputs, infos, self.tensors)
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def additive_mask(net: Net, mask: str) -> str:
    """``(1.0 - mask[:, None, None, :]) * finfo.min``, as BERT and T5 of transformers have it."""
    wide = net.op("Unsqueeze", mask, net.ints(1, 2))
    inverted = net.op("Sub", net.constant(1.0), net.op("Cast", wide, to=FLOAT))
    return net.op("Mul", inverted, net.constant(LOWEST))


def bert() -> ModelProto:
    """Post-norm encoder, three embeddings, ``(1 - mask) * finfo.min`` added."""
    net = Net("bert")
    ids, mask, types = (
        net.input(name, INT64, [1, TOKENS])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    )
    positions = net.ints(*range(TOKENS))
    words = net.op("Gather", net.weights(VOCABULARY, HIDDEN), ids)
    places = net.op("Gather", net.weights(TOKENS, HIDDEN), positions)
    kinds = net.op("Gather", net.weights(2, HIDDEN), types)
    x = net.norm(net.op("Add", net.op("Add", words, kinds), places))
    bias = additive_mask(net, mask)
    for layer in range(2):
        net.scope = f"/encoder/layer.{layer}/"
        attended = net.self_attention(x, lambda scores: net.op("Add", scores, bias))
        x = net.norm(net.op("Add", x, attended))
        x = net.norm(net.op("Add", x, net.mlp(x, net.gelu)))
    return net.finish(last_hidden_state=x)


def gpt2_embedding(net: Net, ids: str, positions: str) -> str:
    words = net.op("Gather", net.weights(VOCABULARY, HIDDEN), ids)
    return net.op("Add", words, net.op("Gather", net.weights(64, HIDDEN), positions))


def gpt2_blocks(net: Net, x: str, mask: Callable[[str], str]) -> ModelProto:
    """Pre-norm blocks and the head."""
    for layer in range(2):
        net.scope = f"/transformer/h.{layer}/"
        x = net.op("Add", x, net.self_attention(net.norm(x), mask))
        x = net.op("Add", x, net.mlp(net.norm(x), net.tanh_gelu))
    net.scope = "/lm_head/"
    return net.finish(logits=net.op("MatMul", net.norm(x), net.weights(HIDDEN, VOCABULARY)))


def gpt2_legacy() -> ModelProto:
    """``Where(causal, scores, finfo.min)`` with a Constant and a chain of casts, then a mask added.

    The causal mask is the buffer of the model, cut to the tokens; two masks are added in all.
    """
    net = Net("gpt2_legacy")
    ids = net.input("input_ids", INT64, [1, TOKENS])
    mask = net.input("attention_mask", INT64, [1, TOKENS])
    x = gpt2_embedding(net, ids, net.ints(*range(TOKENS)))
    buffer = net.tensor(np.tril(np.ones((1, 1, 64, 64))), np.uint8)
    ends = net.ints(TOKENS, TOKENS)
    bias = additive_mask(net, mask)

    def masked(scores: str) -> str:
        cut = net.op("Slice", buffer, net.ints(0, 0), ends, net.ints(2, 3))
        lowest = net.op("Cast", net.constant(LOWEST, np.float64), to=FLOAT)
        wide = net.op("Expand", lowest, net.op("Shape", scores))
        chosen = net.op("Where", net.op("Cast", cut, to=BOOL), scores, wide)
        return net.op("Add", chosen, bias)

    return gpt2_blocks(net, x, masked)


def gpt2_dynamo() -> ModelProto:
    """The mask of torch.export: full(finfo.min), triu, times (positions > cache position)."""
    net = Net("gpt2_dynamo")
    ids = net.input("input_ids", INT64, [1, TOKENS])
    mask = net.input("attention_mask", INT64, [1, TOKENS])
    ends = net.constant(TOKENS, np.int64)
    places = net.op("Range", net.constant(0, np.int64), ends, net.constant(1, np.int64))
    x = gpt2_embedding(net, ids, net.op("Unsqueeze", places, net.ints(0)))
    full = net.op(
        "ConstantOfShape",
        net.ints(TOKENS, TOKENS),
        value=numpy_helper.from_array(np.float32([LOWEST])),
    )
    upper = net.op("Trilu", full, net.constant(1, np.int64), upper=1)
    later = net.op("Greater", places, net.op("Reshape", places, net.ints(-1, 1)))
    causal = net.op("Mul", upper, net.op("Cast", later, to=FLOAT))
    causal = net.op("Expand", net.op("Unsqueeze", causal, net.ints(0, 1)), net.ints(1, 1, 1, 1))
    kept = net.op("Cast", net.op("Unsqueeze", mask, net.ints(1, 2)), to=FLOAT)
    padding = net.op("Equal", net.op("Add", causal, kept), net.constant(0.0))
    bias = net.op("Where", padding, net.constant(LOWEST), causal)
    return gpt2_blocks(net, x, lambda scores: net.op("Add", scores, bias))


def gpt2_matrix() -> ModelProto:
    """The whole causal mask as one initializer of zeros and finfo.min."""
    net = Net("gpt2_matrix")
    ids = net.input("input_ids", INT64, [1, TOKENS])
    x = gpt2_embedding(net, ids, net.ints(*range(TOKENS)))
    causal = net.tensor(np.triu(np.full((1, 1, TOKENS, TOKENS), LOWEST), 1), name="causal_mask")
    return gpt2_blocks(net, x, lambda scores: net.op("Add", scores, causal))


def decoder() -> ModelProto:
    """Llama's block with a cache: RMSNorm, rotary positions, SiLU, and -infinity by Where."""
    net = Net("decoder")
    past, new = 7, 5
    ids = net.input("input_ids", INT64, [1, new])
    mask = net.input("attention_mask", INT64, [1, past + new])
    positions = net.input("position_ids", INT64, [1, new])
    caches = [net.input(f"past_{kind}", FLOAT, [1, HEADS, past, SIZE]) for kind in ("key", "value")]
    x = net.op("Gather", net.weights(VOCABULARY, HIDDEN), ids)
    angle = np.outer(np.arange(64), 1 / 100 ** (np.arange(SIZE) % (SIZE // 2) * 2 / SIZE))
    turns = [
        net.op("Unsqueeze", net.op("Gather", net.tensor(f(angle)), positions), net.ints(1))
        for f in (np.cos, np.sin)
    ]
    causal = net.tensor(np.tril(np.ones((1, 1, new, past + new)), past), bool)
    wide = net.op("Cast", net.op("Unsqueeze", mask, net.ints(1, 2)), to=BOOL)
    allowed = net.op("And", causal, wide)
    bias = net.op("Where", allowed, net.constant(0.0), net.constant(-np.inf))
    net.scope = "/model/layers.0/"
    normed = net.rms_norm(x)
    shape = (1, new, HEADS, SIZE)
    query, key, value = (net.heads(net.linear(normed, HIDDEN, HIDDEN), shape) for _ in range(3))
    query, key = rotated(net, query, turns), rotated(net, key, turns)
    key = net.op("Concat", caches[0], key, axis=2)
    value = net.op("Concat", caches[1], value, axis=2)
    scores = net.op("Add", net.scores(query, key), bias)
    x = net.op("Add", x, net.attend(scores, value, (1, new, HIDDEN)))
    normed = net.rms_norm(x)
    gate = net.linear(normed, HIDDEN, HIDDEN)
    gate = net.op("Mul", gate, net.op("Sigmoid", gate))
    x = net.op("Add", x, net.linear(net.op("Mul", gate, normed), HIDDEN, HIDDEN))
    logits = net.op("MatMul", net.rms_norm(x), net.weights(HIDDEN, VOCABULARY))
    return net.finish(logits=logits, present_key=key, present_value=value)


def rotated(net: Net, x: str, turns: Sequence[str]) -> str:
    first, second = net.ops("Split", 2, x, axis=3)
    half = net.op("Concat", net.op("Neg", second), first, axis=3)
    return net.op("Add", net.op("Mul", x, turns[0]), net.op("Mul", half, turns[1]))


def t5() -> ModelProto:
    """Encoder with a relative bias: buckets by logarithms, one table, no scale, Relu."""
    net = Net("t5")
    ids = net.input("input_ids", INT64, [1, TOKENS])
    mask = net.input("attention_mask", INT64, [1, TOKENS])
    x = net.op("Gather", net.weights(VOCABULARY, HIDDEN), ids)
    bias = net.op("Add", relative_bias(net), additive_mask(net, mask))
    net.scope = "/encoder/block.0/"
    x = net.op("Add", x, net.self_attention(net.rms_norm(x), lambda s: net.op("Add", s, bias)))
    x = net.op("Add", x, net.mlp(net.rms_norm(x), lambda value: net.op("Relu", value)))
    return net.finish(last_hidden_state=net.rms_norm(x))


def relative_bias(net: Net) -> str:
    """T5's buckets: half of them for each direction, exact below 4 and logarithmic above."""
    length = net.constant(TOKENS, np.int64)
    places = net.op("Range", net.constant(0, np.int64), length, net.constant(1, np.int64))
    rows = net.op("Reshape", places, net.ints(-1, 1))
    distance = net.op("Sub", net.op("Reshape", places, net.ints(1, -1)), rows)
    later = net.op("Cast", net.op("Greater", distance, net.constant(0, np.int64)), to=INT64)
    side = net.op("Mul", later, net.constant(8, np.int64))
    size = net.op("Abs", distance)
    far = net.op("Div", net.op("Cast", size, to=FLOAT), net.constant(4.0))
    far = net.op("Div", net.op("Log", far), net.constant(np.log(8.0)))
    far = net.op("Cast", net.op("Mul", far, net.constant(4.0)), to=INT64)
    far = net.op("Min", net.op("Add", far, net.constant(4, np.int64)), net.constant(7, np.int64))
    near = net.op("Less", size, net.constant(4, np.int64))
    bucket = net.op("Add", side, net.op("Where", near, size, far))
    table = net.op("Gather", net.weights(16, HEADS), bucket)
    return net.op("Unsqueeze", net.op("Transpose", table, perm=[2, 0, 1]), net.ints(0))


def vit() -> ModelProto:
    """Patches by a convolution, a class token, one block, a classifier of ten."""
    net = Net("vit")
    image = net.input("pixel_values", FLOAT, [1, 3, 32, 32])
    kernel = net.tensor(net.random.standard_normal((HIDDEN, 3, 8, 8)) / 14)
    patches = net.op("Conv", image, kernel, net.weights(HIDDEN), strides=[8, 8])
    flat = net.op("Reshape", patches, net.ints(1, HIDDEN, 16))
    x = net.op(
        "Concat", net.weights(1, 1, HIDDEN), net.op("Transpose", flat, perm=[0, 2, 1]), axis=1
    )
    x = net.op("Add", x, net.weights(1, 17, HIDDEN))
    shape = (1, 17, HEADS, SIZE)
    normed = net.norm(x)
    query, key, value = (net.heads(net.linear(normed, HIDDEN, HIDDEN), shape) for _ in range(3))
    x = net.op("Add", x, net.attend(net.scores(query, key), value, (1, 17, HIDDEN)))
    x = net.op("Add", x, net.mlp(net.norm(x), net.gelu))
    first = net.op("Gather", net.norm(x), net.constant(0, np.int64), axis=1)
    return net.finish(logits=net.linear(first, HIDDEN, 10))


def swin() -> ModelProto:
    """One shifted-window block: a roll, windows, relative bias by a Gather, a mask of -100."""
    net = Net("swin")
    x = net.input("x", FLOAT, [1, 8, 8, HIDDEN])
    shifted = rolled(net, net.norm(x), 2)
    windows = net.op("Reshape", shifted, net.ints(1, 2, 4, 2, 4, HIDDEN))
    windows = net.op("Transpose", windows, perm=[0, 1, 3, 2, 4, 5])
    windows = net.op("Reshape", windows, net.ints(4, 16, HIDDEN))
    shape = (4, 16, HEADS, SIZE)
    query, key, value = (net.heads(net.linear(windows, HIDDEN, HIDDEN), shape) for _ in range(3))
    index = net.tensor(net.random.integers(0, 49, 256), np.int64)
    bias = net.op("Gather", net.weights(49, HEADS), index)
    bias = net.op("Transpose", net.op("Reshape", bias, net.ints(16, 16, HEADS)), perm=[2, 0, 1])
    scores = net.op("Add", net.scores(query, key), net.op("Unsqueeze", bias, net.ints(0)))
    apart = np.where(net.random.integers(0, 2, (4, 1, 16, 16)) | np.eye(16, dtype=int), 0, -100)
    mixed = net.attend(net.op("Add", scores, net.tensor(apart)), value, (4, 16, HIDDEN))
    whole = net.op("Reshape", mixed, net.ints(1, 2, 2, 4, 4, HIDDEN))
    whole = net.op("Transpose", whole, perm=[0, 1, 3, 2, 4, 5])
    whole = rolled(net, net.op("Reshape", whole, net.ints(1, 8, 8, HIDDEN)), 6)
    x = net.op("Add", x, whole)
    return net.finish(y=net.op("Add", x, net.mlp(net.norm(x), net.gelu)))


def rolled(net: Net, x: str, shift: int) -> str:
    for axis in (1, 2):
        front = net.op("Slice", x, net.ints(0), net.ints(shift), net.ints(axis))
        back = net.op("Slice", x, net.ints(shift), net.ints(8), net.ints(axis))
        x = net.op("Concat", back, front, axis=axis)
    return x


@dataclass(frozen=True)
class Case:
    """A model and the masks of a sensible input; ``saturated`` mask constants in FP16."""

    make: Callable[[], ModelProto]
    saturated: int = 0
    masked: Sequence[int] = (-1, -2, -3)

    def model(self) -> Model:
        return load_model(self.make())


CASES: dict[str, Case] = {
    "bert": Case(bert, 1),
    "gpt2_legacy": Case(gpt2_legacy, 3),
    "gpt2_dynamo": Case(gpt2_dynamo, 2),
    "gpt2_matrix": Case(gpt2_matrix, 1),
    "decoder": Case(decoder, 0, (0, 1)),
    "t5": Case(t5, 1),
    "vit": Case(vit),
    "swin": Case(swin),
}


def feeds(case: Case) -> dict[str, np.ndarray]:
    """Token ids within the vocabulary, positions in order, masks with some zeros."""
    random = np.random.default_rng(1)
    made: dict[str, np.ndarray] = {}
    for value in case.make().graph.input:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        if value.name == "attention_mask":
            made[value.name] = np.ones(shape, np.int64)
            made[value.name][:, list(case.masked)] = 0
        elif value.name == "token_type_ids":
            made[value.name] = random.integers(0, 2, shape)
        elif value.name == "position_ids":
            made[value.name] = np.arange(7, 7 + shape[1])[None]
        elif value.name == "input_ids":
            made[value.name] = random.integers(0, VOCABULARY, shape)
        else:
            made[value.name] = random.standard_normal(shape).astype(np.float32)
    return made
