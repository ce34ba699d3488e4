"""How much of another program's words a message quotes, and where the rest is."""

from __future__ import annotations

import pytest

from trtcore.errors import BuildError, ModelError
from trtcore.system.quotations import (
    MOST_CHARACTERS,
    quoted,
    quoting,
    shortened,
    without_positions,
)

ATTENTION = (
    "IBuilder::buildSerializedNetwork: Error Code 1: Myelin ([myelin_graph.h:1295: "
    "attachExceptionMsgToGraph] MyelinCheckException: decompose_composite_ops.cpp:59: "
    "CHECK(composite_op->is_decomposable()) failed. Attention operation was not supported by a "
    "dedicated kernel. (See https://docs.nvidia.com/deeplearning/tensorrt/latest/"
    "inference-library/work-with-transformers.html#multi-head-attention-fusion for shapes and "
    "datatypes with dedicated kernels.) Alternatively, padded attention operation may be marked as "
    "decomposable, using the TensorRT)"
)


def test_what_fits_is_quoted_as_it_is_in_one_line() -> None:
    error = quoting(BuildError, "not built: ", "a.cpp:1:  no\n  tactics", "; do this")
    assert str(error) == "not built: a.cpp:1: no tactics; do this"
    assert (error.quoted, type(error), BuildError.quoted) == ("", BuildError, "")


def test_what_does_not_fit_loses_positions_and_then_its_end_and_is_kept_whole() -> None:
    error = quoting(BuildError, "TensorRT-RTX could not build it: ", ATTENTION, "; try FP16")
    assert str(error) == (
        "TensorRT-RTX could not build it: IBuilder::buildSerializedNetwork: Error Code 1: Myelin ("
        "MyelinCheckException: CHECK(composite_op->is_decomposable()) failed. Attention operation "
        "was not supported by a dedicated kernel. (See ...; try FP16"
    )
    assert error.quoted == ATTENTION


def test_a_quotation_that_fits_without_positions_keeps_its_end() -> None:
    words = f"[graph.cpp::scope::812] Error Code 2 ({'word ' * 49}In a::b at /_src/graph.cpp:812)"
    error = quoting(BuildError, "not built: ", words)
    assert str(error) == f"not built: Error Code 2 ({'word ' * 48}word)"
    assert error.quoted == words


def test_words_that_are_a_part_of_what_was_said() -> None:
    error = quoting(ModelError, "not run: ", "no such node", whole="[Code] : 9 :\nno such node")
    assert (str(error), error.quoted) == ("not run: no such node", "[Code] : 9 : no such node")


@pytest.mark.parametrize("before", [10, 170, 1000])
def test_beside_a_long_name_a_sentence_is_quoted_all_the_same(before: int) -> None:
    text = str(quoting(ModelError, "n" * before, "word " * 100))
    assert text.endswith("word ...")
    assert len(text) <= max(MOST_CHARACTERS, before + 120)


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        (
            "Error Code 4: API Usage Error (If_68: Must have equal ranks. In lowerShapes at "
            "/_src/optimizer/conditionalOutputNode.cpp:144 In analyzeShapes at "
            "/_src/optimizer/shapeof/graphShapeAnalyzer.cpp:2825)",
            "Error Code 4: API Usage Error (If_68: Must have equal ranks.)",
        ),
        ("[tacticSupply.cpp::getSupportedFormats::48] Error Code 2", "Error Code 2"),
        ("later (first error: tactic.cpp:16: none fits)", "none fits"),
        ("the file net.cpp:12 is not one", "the file net.cpp:12 is not one"),
        ("In a word, at last", "In a word, at last"),
    ],
)
def test_positions_in_a_programs_sources(words: str, plain: str) -> None:
    assert without_positions(words) == plain


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [("one two", 7, "one two"), ("one two three", 12, "one two ..."), ("one" * 5, 9, "oneon ...")],
)
def test_a_text_ends_at_the_end_of_a_word(text: str, most: int, cut: str) -> None:
    assert shortened(text, most) == cut


def nested(levels: int) -> list[object]:
    return [nested(levels - 1)] if levels else []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("fp23", "'fp23'"),
        (None, "'None'"),
        ("x" * 121, f"'{'x' * 120}'"),
        # pytest cannot name it either.
        pytest.param(10**5000, "'a number of thousands of digits'", id="digits"),
        (nested(3), "'[[[[]]]]'"),
    ],
)
def test_a_value_is_quoted_in_a_part_of_a_line(value: object, text: str) -> None:
    assert quoted(value) == text


def test_a_value_that_python_cannot_write_out() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert quoted(deep) == "'a value that is nested too deeply'"
    while deep:  # or its end would recurse
        deep = deep[0]  # type: ignore[assignment]
