"""Usual patterns in hand-made graphs, in every form, and what only looks like them."""

from __future__ import annotations

from collections import Counter

import pytest
from networks import measured, read_graph

from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_nodes
from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.fusion.groups import model_graph
from trtcore.result.analysis.naming.patterns import OperatorWords, Pattern, find_patterns
from trtcore.result.records.layers import ModelNode


def graph_of(text: str) -> ModelGraph:
    """Lines of ``name = Op(read, read)``; x is the input, every unmade name a weight."""
    nodes = []
    for line in text.strip().splitlines():
        name, _, call = line.strip().partition(" = ")
        op, _, reads = call.rstrip(")").partition("(")
        nodes.append(ModelNode(name, op, tuple(filter(None, reads.split(", "))), (name,)))
    return ModelGraph(nodes, ["x", "y", "z"], [nodes[-1].outputs[0]])


FORMS = {
    "Gelu, half last": (
        "Gelu",
        "a = Div(x, c)\nb = Erf(a)\nd = Add(b, one)\ne = Mul(x, d)\nf = Mul(e, h)",
    ),
    "Gelu, half first": (
        "Gelu",
        "h = Mul(x, c)\na = Mul(x, s)\nb = Erf(a)\nd = Add(b, one)\ne = Mul(h, d)",
    ),
    "Gelu, half of the sum": (
        "Gelu",
        "a = Div(x, c)\nb = Erf(a)\nd = Add(b, one)\nf = Mul(d, h)\ng = Mul(x, f)",
    ),
    "Gelu, tanh": (
        "Gelu",
        """p = Pow(x, three)
        q = Mul(p, k)
        r = Add(x, q)
        s = Mul(r, root)
        t = Tanh(s)
        u = Add(t, one)
        v = Mul(x, half)
        w = Mul(v, u)""",
    ),
    "Gelu, tanh by products": (
        "Gelu",
        """o = Mul(x, x)
        p = Mul(o, x)
        q = Mul(p, k)
        r = Add(x, q)
        s = Mul(r, root)
        t = Tanh(s)
        u = Add(t, one)
        v = Mul(x, u)
        w = Mul(v, half)""",
    ),
    "SiLU": ("SiLU", "a = Sigmoid(x)\nb = Mul(x, a)"),
    "HardSwish": ("HardSwish", "a = HardSigmoid(x)\nb = Mul(x, a)"),
    "HardSwish by Clip": (
        "HardSwish",
        "a = Add(x, three)\nb = Clip(a, lo, hi)\nd = Mul(x, b)\ne = Div(d, six)",
    ),
    "HardSwish, divided first": (
        "HardSwish",
        "a = Add(x, three)\nb = Clip(a, lo, hi)\nd = Div(b, six)\ne = Mul(x, d)",
    ),
    "LayerNorm": (
        "LayerNorm",
        """m = ReduceMean(x)
        s = Sub(x, m)
        p = Pow(s, two)
        v = ReduceMean(p)
        e = Add(v, eps)
        r = Sqrt(e)
        q = Div(s, r)
        g = Mul(q, weight)
        b = Add(g, bias)""",
    ),
    "LayerNorm without weights": (
        "LayerNorm",
        """m = ReduceMean(x)
        s = Sub(x, m)
        p = Mul(s, s)
        v = ReduceMean(p)
        e = Add(v, eps)
        r = Sqrt(e)
        q = Div(s, r)""",
    ),
    "RMSNorm": (
        "RMSNorm",
        """p = Pow(x, two)
        m = ReduceMean(p)
        e = Add(m, eps)
        r = Sqrt(e)
        i = Reciprocal(r)
        q = Mul(x, i)
        g = Mul(weight, q)""",
    ),
    "RMSNorm by Div": (
        "RMSNorm",
        """p = Pow(x, two)
        m = ReduceMean(p)
        e = Add(m, eps)
        r = Sqrt(e)
        q = Div(x, r)
        g = Mul(q, weight)""",
    ),
    "GroupNorm": (
        "GroupNorm",
        """a = Reshape(x, groups)
        n = InstanceNormalization(a, scale, bias)
        b = Reshape(n, shape)
        g = Mul(b, weight)
        o = Add(g, offset)""",
    ),
    "Attention": ("Attention", "s = MatMul(x, y)\np = Softmax(s)\no = MatMul(p, z)"),
    "Attention, scale and mask": (
        "Attention",
        """s = MatMul(x, y)
        d = Div(s, root)
        m = Add(d, mask)
        p = Softmax(m)
        t = Dropout(p)
        o = MatMul(t, z)""",
    ),
}

MASKED = """n = Cast(z)
    i = Sub(one, n)
    k = Where(i, low, zero)
    s = MatMul(x, y)
    d = Mul(s, root)
    m = Add(d, k)
    p = Softmax(m)
    o = MatMul(p, z)"""


class TestForms:
    @pytest.mark.parametrize("form", list(FORMS))
    def test_is_found_as_a_whole(self, form):
        word, text = FORMS[form]
        graph = graph_of(text)
        assert find_patterns(graph) == (Pattern(word, tuple(graph.nodes)),)
        assert OperatorWords(graph).words(graph.nodes) == (word,)

    @pytest.mark.parametrize("form", list(FORMS))
    def test_only_its_own_nodes(self, form):
        word, text = FORMS[form]
        graph = graph_of(text)
        last = list(graph.nodes)[-1]
        more = graph_of(f"{text}\nbefore = Relu(y)\nafter = Conv({last}, before)")
        assert find_patterns(more) == (Pattern(word, tuple(graph.nodes)),)


LOOKALIKES = {
    "Erf of something else than what it multiplies": (
        "a = Div(x, c)\nb = Erf(a)\nd = Add(b, one)\ne = Mul(y, d)\nf = Mul(e, h)"
    ),
    "Erf alone": "b = Erf(x)\nd = Add(b, one)",
    "a gate of another tensor": "a = Sigmoid(x)\nb = Mul(y, a)",
    "a hard gate of another tensor": "a = HardSigmoid(x)\nb = Mul(y, a)",
    "Relu6": "b = Clip(x, lo, hi)\nd = Mul(b, six)",
    "Softmax at the end": "s = MatMul(x, y)\np = Softmax(s)",
    "Softmax of no product": "p = Softmax(x)\no = MatMul(p, z)",
    "a distance": "m = Sub(x, y)\np = Pow(m, two)\nv = ReduceMean(p)\ne = Add(v, eps)\nr = Sqrt(e)",
    "InstanceNorm": "n = InstanceNormalization(x, scale, bias)\nb = Relu(n)",
    "Tanh": "t = Tanh(x)\nu = Add(t, one)\nw = Mul(x, u)",
}


@pytest.mark.parametrize("text", LOOKALIKES.values(), ids=list(LOOKALIKES))
def test_what_only_looks_like_one(text):
    assert find_patterns(graph_of(text)) == ()


class TestWords:
    NORM = graph_of(FORMS["LayerNorm"][1])

    def test_in_graph_order_whatever_the_order_asked_in(self):
        graph = graph_of("a = MatMul(x, w)\nb = Add(a, v)\nc = Relu(b)\nd = Relu(c)")
        assert OperatorWords(graph).words(["d", "b", "a", "c"]) == ("MatMul", "Add", "Relu x2")

    def test_constants_and_renaming_are_left_out(self):
        graph = graph_of("k = Constant()\nr = Reshape(x, k)\nc = Cast(r)\na = MatMul(c, w)")
        assert OperatorWords(graph).words(graph.nodes) == ("MatMul",)
        assert OperatorWords(graph).words(["k", "r"]) == ("Reshape",)
        assert OperatorWords(graph).words(["k"]) == ("Constant",)

    @pytest.mark.parametrize(
        ("nodes", "words"),
        [
            ("ms", ("ReduceMean", "Sub")),
            ("mspver", ("LayerNorm (part)",)),
            ("qgb", ("Div", "Mul", "Add")),
            ("mspverqgb", ("LayerNorm",)),
        ],
    )
    def test_parts_of_a_norm(self, nodes, words):
        assert OperatorWords(self.NORM).words(nodes) == words

    def test_attention_in_several_layers_is_its_operators(self):
        words = OperatorWords(graph_of(FORMS["Attention, scale and mask"][1]))
        assert words.words("sd") == ("MatMul", "Div")
        assert words.words("mpt") == ("Add", "Softmax")
        assert words.words("sdmpo") == ("Attention",)

    def test_attention_whose_mask_is_computed(self):
        """Not of its own: all layers share one mask."""
        graph = graph_of(MASKED)
        assert find_patterns(graph) == (Pattern("Attention", tuple("sdmpo")),)
        assert OperatorWords(graph).words("sdmpo") == ("Attention",)

    def test_a_product_in_the_mask_too_is_no_attention(self):
        two = MASKED.replace("k = Where(i, low, zero)", "b = MatMul(i, w)\nk = Mul(b, root)")
        assert find_patterns(graph_of(two)) == ()

    def test_names_of_single_operators(self):
        graph = graph_of("a = LayerNormalization(x)\nb = QuantizeLinear(a)\nc = Gelu(b)")
        assert OperatorWords(graph).words("abc") == ("LayerNorm", "Quantize", "Gelu")

    def test_unknown_nodes(self):
        assert OperatorWords(self.NORM).words(["not there"]) == ()
        assert OperatorWords(ModelGraph([])).words([]) == ()


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("vit_b_16", {"Gelu": 12, "Attention": 12}),
        ("swin_t", {"Gelu": 12, "Attention": 12}),
        ("bert_base_memsets", {"Gelu": 12, "Attention": 12}),
        ("convnext_tiny", {"Gelu": 18}),
        ("resnet50", {}),
    ],
)
def test_patterns_of_measured_networks(name, counts):
    patterns = find_patterns(model_graph(measured(name)))
    assert Counter(pattern.word for pattern in patterns) == counts


def test_patterns_of_bert():
    graph = ModelGraph(
        model_nodes(load_model(read_graph("bert_base"))), ["input_ids", "attention_mask", "ids"]
    )
    counts = Counter(pattern.word for pattern in find_patterns(graph))
    assert counts == {"Gelu": 12, "Attention": 12}
