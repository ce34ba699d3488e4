"""Options from keywords: what does not exist is named, with what comes near it."""

from __future__ import annotations

from typing import Any

import pytest

import trtcore
from trtcore.errors import OptionError
from trtcore.options import Options, read_options
from trtcore.precision import Precision
from trtcore.precision_runs import check_precisions


def test_known_options() -> None:
    given = {"precision": "fp16", "batch": 4, "keep_fp32": ["LRN"]}
    assert read_options(given) == Options(precision="fp16", batch=4, keep_fp32=["LRN"])
    assert read_options({}) == Options()
    assert Options(precision=Precision.HALF2).precision == "half2"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("presision", "there is no option 'presision': did you mean precision or io_precision "),
        ("iteration", "there is no option 'iteration': did you mean iterations?"),
        ("keepfp32", "there is no option 'keepfp32': did you mean keep_fp32?"),
        ("zzz", "there is no option 'zzz': known: backend, precision, keep_fp32, "),
    ],
)
def test_an_option_that_does_not_exist(name: str, message: str) -> None:
    with pytest.raises(OptionError) as error:
        read_options({name: 1})
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda **options: trtcore.profile_model("googlenet", **options),
        lambda **options: trtcore.build_model("googlenet", **options),
        lambda **options: trtcore.compare_precisions("googlenet", "fp32,fp16", **options),
        lambda **options: trtcore.profile_baseline("googlenet", **options),
        lambda **options: trtcore.profile_plan(b"ftrt", **options),
    ],
    ids=["profile_model", "build_model", "compare_precisions", "profile_baseline", "profile_plan"],
)
def test_every_function_names_a_misspelt_option(call: Any) -> None:
    with pytest.raises(OptionError, match="no option 'bach': did you mean batch"):
        call(bach=4)


def test_precisions_as_a_text_or_as_a_list() -> None:
    expected = (Precision.FP32, Precision.FP16, Precision.HALF2)
    assert check_precisions("fp32, fp16,half2") == expected
    assert check_precisions(["fp32", "fp16", Precision.HALF2]) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("fp32", "fp32 is not enough to compare, give two"),
        ("", "nothing is not enough to compare, give two"),
        ("fp32,fp23", "precision is 'fp23', must be one of fp32, tf32, fp16, half2, bf16"),
        (["fp32", "fp32"], "fp32 is there twice"),
    ],
)
def test_precisions_that_cannot_be_compared(words: Any, message: str) -> None:
    with pytest.raises(OptionError) as error:
        check_precisions(words)
    assert str(error.value) == message
