"""From models and lists of values to cells."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from trtcore.errors import OptionError
from trtcore.sweeps.cells import Cell, Plan, SweptModel


def cells(*models: SweptModel, **options: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(cell.model, dict(cell.options)) for cell in Plan(models, options).cells()]


def test_every_combination_once_the_last_option_fastest() -> None:
    found = cells(
        SweptModel("a.onnx"),
        SweptModel("b.onnx", {"batch": [2], "shapes": [{"x": (2, 3)}, {"x": (4, 3)}]}),
        batch=[1, 4, 1],
        precision=["fp32", "fp16"],
        iterations=5,
    )
    first = [
        ("a.onnx", {"batch": batch, "precision": precision, "iterations": 5})
        for batch in (1, 4)
        for precision in ("fp32", "fp16")
    ]
    second = [
        ("b.onnx", {"batch": 2, "shapes": {"x": [n, 3]}, "precision": p, "iterations": 5})
        for p in ("fp32", "fp16")
        for n in (2, 4)
    ]
    assert found == first + second


def test_shapes_of_a_model_stand_for_the_batches_of_others() -> None:
    own = SweptModel("b.onnx", {"shapes": [{"x": (2, 3)}]})
    assert cells(SweptModel("a.onnx"), own, batch=[1, 4]) == [
        ("a.onnx", {"batch": 1}),
        ("a.onnx", {"batch": 4}),
        ("b.onnx", {"shapes": {"x": [2, 3]}}),
    ]


def test_a_default_that_is_given_is_the_same_cell() -> None:
    assert cells(SweptModel("a.onnx"), serial=[False, True], seed=0) == [
        ("a.onnx", {}),
        ("a.onnx", {"serial": True}),
    ]


def test_a_list_is_one_value_of_an_option_of_lists() -> None:
    one = cells(SweptModel("a.onnx"), keep_fp32=["LRN", "Softmax"])
    assert one == [("a.onnx", {"keep_fp32": ["LRN", "Softmax"]})]
    two = cells(SweptModel("a.onnx"), keep_fp32=[["LRN"], ["LRN", "Softmax"]])
    assert [options["keep_fp32"] for _, options in two] == [["LRN"], ["LRN", "Softmax"]]


def test_options_are_as_json_hands_them_back() -> None:
    (cell,) = Plan((SweptModel("a.onnx"),), {"shapes": {"x": ((1, 3), (2, 3), (4, 3))}}).cells()
    assert cell == Cell("a.onnx", {"shapes": {"x": [[1, 3], [2, 3], [4, 3]]}})


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"batch": []}, "batch has no value: give at least one, or leave it out"),
        ({"batch": [1, 0]}, "batch is 0, must be 1 or more"),
        ({"bacth": [1]}, "there is no option 'bacth': did you mean batch?"),
        ({"precision": ["fp32", "fp17"]}, "fp17"),
        ({"weights": 4}, "weights is 4, expected a path, or None"),
        ({"inputs": {"x": np.ones(3)}}, "a sweep cannot hand an array to its cells"),
    ],
)
def test_bad_options_are_refused_before_anything_runs(options: dict[str, Any], text: str) -> None:
    with pytest.raises(OptionError, match=re.escape(text)):
        cells(SweptModel("a.onnx"), **options)


def test_a_plan_without_models() -> None:
    with pytest.raises(OptionError, match="a sweep needs a model: name at least one"):
        cells()


def test_more_cells_than_anybody_means_are_refused_at_once() -> None:
    seeds = list(range(101))
    with pytest.raises(OptionError, match="the sweep has 10100 cells, more than 10000: divide it"):
        cells(SweptModel("a.onnx"), seed=seeds, iterations=list(range(1, 101)))
    assert len(cells(SweptModel("a.onnx"), seed=seeds[1:], iterations=[2, 3])) == 200
