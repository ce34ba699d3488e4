"""Which outputs depend on random numbers, by way of what."""

from __future__ import annotations

import pytest
from onnx import parser

from trtcore.models.onnx.randomness import RANDOM_OPERATORS, random_outputs

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'


def drawn(text: str) -> dict[str, tuple[str, ...]]:
    return random_outputs(parser.parse_model(HEAD + text))


@pytest.mark.parametrize(
    "node",
    [
        "RandomNormal <shape = [1, 4]> ()",
        "RandomUniform <shape = [1, 4], seed = 1.0> ()",
        "RandomNormalLike (x)",
        "RandomUniformLike (x)",
        "Multinomial <dtype = 6> (x)",
        "Bernoulli (x)",
    ],
)
def test_every_operator_that_draws_with_a_seed_or_without(node: str) -> None:
    assert drawn(f"g (float[1,4] x) => (float[a,b] y) {{ [it] y = {node} }}") == {"y": ("it",)}
    assert node.split(maxsplit=1)[0] in RANDOM_OPERATORS


def test_only_the_outputs_that_depend_on_them() -> None:
    text = """g (float[1,4] x) => (float[1,4] y, float[1,4] z, float[1,4] both, int64[2] n)
        { [one] r = RandomNormalLike (x) [two] s = RandomUniformLike (x) [add] y = Add (x, r)
          [relu] z = Relu (x) [sum] both = Add (y, s) [shape] n = Shape (both) }"""
    assert drawn(text) == {"y": ("one",), "both": ("one", "two")}


@pytest.mark.parametrize(
    ("flag", "head", "outputs"),
    [
        ("r, t", "<float r = {0.5}, bool t = {1}>", {"y": ("drop",)}),
        ("r, t", "<float r = {0.5}, bool t = {0}>", {}),
        ("r, go", "<float r = {0.5}>", {"y": ("drop",)}),
        ("r, t", "<float r = {0}, bool t = {1}>", {}),
        ("z, t", "<float r = {0}, bool t = {1}>", {"y": ("drop",)}),
        ("r", "<float r = {0.5}>", {}),
        ("", "", {}),
        (", own", "", {"y": ("drop",)}),
    ],
)
def test_a_dropout_that_trains(flag: str, head: str, outputs: dict[str, tuple[str, ...]]) -> None:
    reads = ", ".join(("x", flag)).replace(", ,", ", ,") if flag else "x"
    text = f"""g (float[1,4] x, bool go, float z) => (float[1,4] y) {head}
        {{ own = Constant <value = bool {{1}}> () [drop] y = Dropout ({reads}) }}"""
    assert drawn(text) == outputs


def test_in_bodies_and_by_way_of_them() -> None:
    text = """g (float[1,4] x, bool c) => (float[1,4] y, float[1,4] z)
        { [outer] r = RandomNormalLike (x)
          [choice] y = If (c) <
            then_branch = a () => (float[1,4] p) { [inner] p = RandomUniformLike (x) },
            else_branch = b () => (float[1,4] q) { [neg] q = Neg (x) }>
          [other] z = If (c) <
            then_branch = d () => (float[1,4] s) { [abs] s = Abs (r) },
            else_branch = e () => (float[1,4] t) { [neg2] t = Neg (x) }> }"""
    assert drawn(text) == {"y": ("inner",), "z": ("outer",)}
