"""Usual patterns of operators in a model, such as Gelu or attention, and short words for nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.fusion.operators import MOVES, NO_OPS, VIEWS

_MOST_BETWEEN = 6  # nodes between a scores product and its Softmax: scale, mask, casts, reshapes
_SCALE_OR_MASK = frozenset({"Add", "Cast", "Div", "Mul", "Sub", "Where", "Dropout", *VIEWS})

OWN_WORDS = {
    "Attention": "Attention",
    "BatchNormalization": "BatchNorm",
    "Gelu": "Gelu",
    "FastGelu": "Gelu",
    "GroupNorm": "GroupNorm",
    "GroupNormalization": "GroupNorm",
    "HardSwish": "HardSwish",
    "InstanceNormalization": "InstanceNorm",
    "LayerNormalization": "LayerNorm",
    "MultiHeadAttention": "Attention",
    "RMSNormalization": "RMSNorm",
    "SimplifiedLayerNormalization": "RMSNorm",
    "SkipLayerNormalization": "LayerNorm",
    "Swish": "SiLU",
    "QuantizeLinear": "Quantize",
    "DequantizeLinear": "Dequantize",
}
"""Operators that are a pattern by themselves, or have a shorter usual name."""


@dataclass(frozen=True)
class Pattern:
    """Nodes that are one thing to a reader.

    Attributes:
        word: what they are called: ``Gelu``, ``LayerNorm``, ``Attention`` and so on.
        nodes: in the order of the model.
    """

    word: str
    nodes: tuple[str, ...]


def find_patterns(graph: ModelGraph) -> tuple[Pattern, ...]:
    """Returns the patterns of a model in its order; no node is in two of them."""
    patterns: list[Pattern] = []
    taken: set[str] = set()
    for name, node in graph.nodes.items():
        # The first that fits wins: where patterns share nodes, the one earlier in the model stands,
        # so that the result does not depend on how operators are listed below.
        for finder in _FINDERS.get(node.op, ()):
            pattern = finder(_Walk(graph), name)
            if pattern and taken.isdisjoint(pattern.nodes):
                patterns.append(pattern)
                taken.update(pattern.nodes)
                break
    return tuple(patterns)


class _Walk:
    """Steps from node to node by operator; None where there is no such step."""

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph

    def op(self, name: str) -> str:
        return self._graph.nodes[name].op

    def after(self, name: str | None, *ops: str) -> str | None:
        """The only reader of a node that has one of these operators."""
        if name is None:
            return None
        readers = [reader for reader in self._graph.after(name) if self.op(reader) in ops]
        return readers[0] if len(set(readers)) == 1 else None

    def before(self, name: str | None, *ops: str) -> str | None:
        """The only node with one of these operators that a node reads, constants aside."""
        makers = self.all_before(name, *ops) if name else []
        return makers[0] if len(makers) == 1 else None

    def all_before(self, name: str, *ops: str) -> list[str]:
        """The nodes with one of these operators that a node reads, constants aside."""
        makers = dict.fromkeys(self._graph.before(name))
        return [maker for maker in makers if self.op(maker) in ops and self.is_data(maker)]

    def is_data(self, name: str) -> bool:
        return name not in self._graph.constants()

    def data(self, name: str | None) -> frozenset[str]:
        """The tensors a node reads that depend on the network's inputs."""
        return frozenset(self._graph.data_inputs(name) if name else ())

    def shared(self, one: str | None, other: str | None) -> bool:
        """Whether two nodes read the same data."""
        return not self.data(one).isdisjoint(self.data(other))

    def pattern(self, word: str, *nodes: str | None) -> Pattern | None:
        """A pattern of nodes, those that are None left out."""
        return Pattern(word, self._graph.sort(node for node in nodes if node))


def _gelu_erf(walk: _Walk, erf: str) -> Pattern | None:
    """``x * 0.5 * (1 + erf(x / sqrt(2)))``, with the half in any place."""
    scaled = walk.before(erf, "Div", "Mul")
    one_more = walk.after(erf, "Add")
    product = walk.after(one_more, "Mul")
    if scaled is None or product is None:
        return None
    return _times_half("Gelu", walk, (scaled, erf, one_more), scaled, product)


def _times_half(
    word: str, walk: _Walk, inner: Sequence[str | None], first: str, product: str
) -> Pattern | None:
    """The end of a Gelu: times x and times one half, in either order or as one constant factor."""
    half_first = walk.before(product, "Mul")
    for half in (walk.after(product, "Mul"), half_first):
        if half and walk.shared(first, half) and half not in inner:
            return walk.pattern(word, *inner, product, half)
    if walk.shared(first, product):
        half = walk.after(product, "Mul")
        half = half if half and len(walk.data(half)) == 1 else None
        return walk.pattern(word, *inner, product, half)
    return None


def _gelu_tanh(walk: _Walk, tanh: str) -> Pattern | None:
    """``x * 0.5 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))``."""
    scaled = walk.before(tanh, "Mul")
    added = walk.before(scaled, "Add")
    small = walk.before(added, "Mul")
    cube = walk.before(small, "Pow", "Mul")
    one_more = walk.after(tanh, "Add")
    product = walk.after(one_more, "Mul")
    if cube is None or added is None or product is None:
        return None
    # Exporters write x^3 as Pow, or as two Mul.
    square = walk.before(cube, "Mul") if walk.op(cube) == "Mul" else None
    inner = (square, cube, small, added, scaled, tanh, one_more)
    return _times_half("Gelu", walk, inner, added, product)


def _gated(word: str) -> Callable[[_Walk, str], Pattern | None]:
    """``x * gate(x)``: SiLU by Sigmoid, HardSwish by HardSigmoid."""

    def find(walk: _Walk, gate: str) -> Pattern | None:
        product = walk.after(gate, "Mul")
        return walk.pattern(word, gate, product) if walk.shared(gate, product) else None

    return find


def _hard_swish(walk: _Walk, clip: str) -> Pattern | None:
    """``x * clip(x + 3, 0, 6) / 6``, divided before or after the product."""
    added = walk.before(clip, "Add")
    first = walk.after(clip, "Mul", "Div")
    second = walk.after(first, "Mul", "Div")
    if added is None or len(walk.data(added)) != 1:
        return None
    if walk.shared(added, first):
        return walk.pattern("HardSwish", added, clip, first, second)
    return (
        walk.pattern("HardSwish", added, clip, first, second)
        if walk.shared(added, second)
        else None
    )


def _layer_norm(walk: _Walk, root: str) -> Pattern | None:
    """``(x - mean) / sqrt(mean((x - mean)^2) + e)``, then perhaps a factor and an offset."""
    epsilon = walk.before(root, "Add")
    variance = walk.before(epsilon, "ReduceMean")
    square = walk.before(variance, "Pow", "Mul")
    # Mixed-precision exports cast before the square, to sum it in FP32.
    centred = walk.before(square, "Sub") or walk.before(walk.before(square, "Cast"), "Sub")
    mean = walk.before(centred, "ReduceMean")
    quotient = walk.after(root, "Div")
    if mean is None or quotient is None or not walk.shared(centred, mean):
        return None
    factor = _by_constant(walk, quotient, "Mul")
    offset = _by_constant(walk, factor, "Add")
    nodes = (mean, centred, square, variance, epsilon, root, quotient, factor, offset)
    return walk.pattern("LayerNorm", *nodes)


def _rms_norm(walk: _Walk, root: str) -> Pattern | None:
    """``x / sqrt(mean(x^2) + e)``, then perhaps a factor."""
    epsilon = walk.before(root, "Add")
    mean = walk.before(epsilon, "ReduceMean")
    square = walk.before(mean, "Pow", "Mul")
    inverse = walk.after(root, "Reciprocal", "Div")
    if square is None or inverse is None:
        return None
    # Either x / sqrt(...), or x * (1 / sqrt(...)).
    product = inverse if walk.shared(square, inverse) else walk.after(inverse, "Mul")
    if not walk.shared(square, product):
        return None
    cast = walk.after(product, "Cast")
    factor = _by_constant(walk, cast or product, "Mul")
    nodes = (square, mean, epsilon, root, inverse, product, cast if factor else None, factor)
    return walk.pattern("RMSNorm", *nodes)


def _by_constant(walk: _Walk, name: str | None, op: str) -> str | None:
    """The next node, if it only multiplies by, or adds, a constant."""
    node = walk.after(name, op)
    return node if node and len(walk.data(node)) == 1 else None


def _group_norm(walk: _Walk, norm: str) -> Pattern | None:
    """InstanceNormalization of a tensor whose channels were reshaped into groups."""
    before, after = walk.before(norm, "Reshape"), walk.after(norm, "Reshape")
    if before is None or after is None:
        return None
    factor = _by_constant(walk, after, "Mul")
    offset = _by_constant(walk, factor, "Add")
    return walk.pattern("GroupNorm", before, norm, after, factor, offset)


def _attention(walk: _Walk, softmax: str) -> Pattern | None:
    """``softmax(q k^T * scale + mask) v``, with what lies between the two products."""
    scores = _scores(walk, softmax)
    # Exports in training mode keep the dropout; it does nothing in inference.
    dropout = walk.after(softmax, "Dropout", "Cast")
    weighted = walk.after(dropout or softmax, "MatMul")
    if len(scores) != 1 or weighted is None:
        return None
    return walk.pattern("Attention", *scores[0], softmax, dropout, weighted)


def _scores(walk: _Walk, name: str, most: int = _MOST_BETWEEN) -> list[tuple[str, ...]]:
    """Every way from a product through scale and mask to a node; masks may be computed by such."""
    product = walk.before(name, "MatMul")
    if product is not None:
        return [(product,)]
    steps = walk.all_before(name, *_SCALE_OR_MASK) if most else []
    return [(*way, step) for step in steps for way in _scores(walk, step, most - 1)]


_FINDERS: dict[str, tuple[Callable[[_Walk, str], Pattern | None], ...]] = {
    "Erf": (_gelu_erf,),
    "Tanh": (_gelu_tanh,),
    "Sigmoid": (_gated("SiLU"),),
    "HardSigmoid": (_gated("HardSwish"),),
    "Clip": (_hard_swish,),
    "Sqrt": (_layer_norm, _rms_norm),
    "InstanceNormalization": (_group_norm,),
    "Softmax": (_attention,),
}
"""Which patterns have a node of this operator in their middle."""


class OperatorWords:
    """Labels sets of nodes by their operators, in the order of the model.

    Args:
        graph: the model.
    """

    def __init__(self, graph: ModelGraph) -> None:
        self.graph = graph
        self._pattern = {n: pattern for pattern in find_patterns(graph) for n in pattern.nodes}

    def words(self, names: Iterable[str]) -> tuple[str, ...]:
        """Returns the operators of nodes, patterns as one word, repeated ones as ``Gather x3``.

        Constants, and where anything computes also what only renames data, are left out. A norm or
        activation of which the nodes are only a part is marked so; attention then is its operators.
        """
        nodes = [name for name in self.graph.sort(names) if name in self.graph.nodes]
        nodes = self.telling(nodes)
        present = set(nodes)
        words: list[str] = []
        said: set[Pattern] = set()
        for name in nodes:
            pattern = self._pattern.get(name)
            if pattern is None or not self._stands(pattern, present):
                words.append(self._word(name))
            elif pattern not in said:
                said.add(pattern)
                words.append(self._pattern_word(pattern, present))
        return _counted(words)

    def telling(self, names: Sequence[str]) -> list[str]:
        """Returns the nodes that characterise a layer: no constants, reshapes or casts."""
        constants = self.graph.constants()
        data = [name for name in names if name not in constants]
        working = [n for n in data if self.graph.nodes[n].op not in VIEWS | NO_OPS | {"Cast"}]
        return working or data or list(names)

    def patterns(self, names: Iterable[str]) -> frozenset[str]:
        """Returns the words of the patterns that nodes are the whole or a part of."""
        present = set(names)
        found = {self._pattern[name] for name in present if name in self._pattern}
        whole = {p.word for p in found if self._stands(p, present)}
        return frozenset(whole | {OWN_WORDS[op] for op in self._ops(present) if op in OWN_WORDS})

    def _ops(self, names: Iterable[str]) -> set[str]:
        return {self.graph.nodes[name].op for name in names if name in self.graph.nodes}

    def _stands(self, pattern: Pattern, present: set[str]) -> bool:
        """Whether the nodes are enough of a pattern to be called after it."""
        working = [n for n in pattern.nodes if self.graph.nodes[n].op not in MOVES | VIEWS | NO_OPS]
        here = present.intersection(working)
        # Scale and mask of attention are often fused into other layers; its products make it.
        if pattern.word == "Attention":
            needed = [n for n in working if self.graph.nodes[n].op in {"MatMul", "Softmax"}]
            return present.issuperset(needed)
        return 2 * len(here) > len(working)  # a majority, so that one layer only can claim it

    def _pattern_word(self, pattern: Pattern, present: set[str]) -> str:
        if pattern.word == "Attention" or present.issuperset(self.telling(pattern.nodes)):
            return pattern.word
        return f"{pattern.word} (part)"

    def _word(self, name: str) -> str:
        op = self.graph.nodes[name].op
        return OWN_WORDS.get(op, op)


def _counted(words: Sequence[str]) -> tuple[str, ...]:
    """Words in a row that are the same, as one with its count."""
    counted: list[tuple[str, int]] = []
    for word in words:
        if counted and counted[-1][0] == word:
            counted[-1] = (word, counted[-1][1] + 1)
        else:
            counted.append((word, 1))
    return tuple(word if count == 1 else f"{word} x{count}" for word, count in counted)
