"""Options from keywords: what does not exist is named, with what comes near it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import trtcore
from trtcore.api.options.declaring import MODEL
from trtcore.api.options.values import Options, read_options
from trtcore.api.precision_job import check_precisions
from trtcore.errors import OptionError
from trtcore.precision.request import Precision


def test_known_options() -> None:
    given = {"precision": "fp16", "batch": 4, "keep_fp32": ["LRN"]}
    assert read_options(given, MODEL) == Options(precision="fp16", batch=4, keep_fp32=["LRN"])
    assert read_options({}, MODEL) == Options()
    assert Options(precision=Precision.HALF2).precision == "half2"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("presision", "there is no option 'presision': did you mean precision or io_precision "),
        ("iteration", "there is no option 'iteration': did you mean iterations?"),
        ("keepfp32", "there is no option 'keepfp32': did you mean keep_fp32?"),
        (
            "zzz",
            "there is no option 'zzz': known: batch, shapes, cut_unsupported, ",
        ),
    ],
)
def test_an_option_that_does_not_exist(name: str, message: str) -> None:
    with pytest.raises(OptionError) as error:
        read_options({name: 1}, MODEL)
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


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("backend", 5, "backend is 5, expected a name"),
        ("precision", 16, "precision is '16', must be one of fp32, tf32, fp16, half2, bf16"),
        ("keep_fp32", 5, "keep_fp32 is 5, expected a list of names"),
        ("keep_fp32", [1], "keep_fp32 is [1], expected a list of names"),
        ("keep_fp32", None, "keep_fp32 is None, expected a list of names"),
        ("keep_fp32", "LRN", "keep_fp32 is 'LRN', expected a list of names: ['LRN']"),
        ("io_precision", 16, "io_precision is '16', must be one of fp32, fp16, bf16"),
        (
            "io_formats",
            ["chw2"],
            "io_formats is ['chw2'], expected formats by name, such as {'data': 'chw2'}",
        ),
        ("accuracy", "yes", "accuracy is 'yes', expected True or False"),
        ("tolerance", "x", "tolerance is 'x', expected a number, or None"),
        ("batch", "4", "batch is '4', expected a whole number, or None"),
        ("batch", True, "batch is True, expected a whole number, or None"),
        (
            "shapes",
            {"data": "1x3"},
            "shapes is {'data': '1x3'}, expected shapes by name, "
            "such as {'data': (1, 3, 224, 224)}, or (min, opt, max) of them",
        ),
        (
            "shapes",
            {"data": (1, 2.5)},
            "shapes is {'data': (1, 2.5)}, expected shapes by name, "
            "such as {'data': (1, 3, 224, 224)}, or (min, opt, max) of them",
        ),
        ("iterations", 2.5, "iterations is 2.5, expected a whole number, or None"),
        ("precision_target", "1%", "precision_target is '1%', expected a number, or None"),
        (
            "precision_target",
            0.5,
            "precision_target is 0.5, which is 50%; it must be 0.1 or less: 0.005 is 0.5 %",
        ),
        ("max_seconds", [3], "max_seconds is [3], expected a number, or None"),
        ("max_seconds", float("inf"), "max_seconds is inf, expected a finite time above 0"),
        ("stream", 1, "stream is 1, expected True or False, or None"),
        (
            "inputs",
            np.zeros((2, 1)),
            "inputs is array([[0.], [0.]]), expected random, a generator or a path to an .npz, "
            "or by name such as {'mask': 'ones'}",
        ),
        ("seed", None, "seed is None, expected a whole number"),
        ("seed", -1, "seed is -1, must be 0 or more"),
        ("sync", None, "sync is 'None', must be one of enqueue, execute"),
        ("timing", 0, "timing is '0', must be one of events, cupti"),
        ("workspace_mib", 1.5, "workspace_mib is 1.5, expected a whole number, or None"),
        ("workspace_mib", 0, "workspace_mib is 0, must be 1 or more"),
        ("workspace_mib", 2**43, "workspace_mib is 8796093022208, must be 8796093022207 or less"),
        ("batch", 2**63, "batch has more than 64 bits"),
        # Named, as pytest cannot write these numbers either.
        pytest.param("batch", -(10**5000), "batch has more than 64 bits", id="batch"),
        pytest.param("max_seconds", 10**5000, "max_seconds has more than 64 bits", id="seconds"),
        pytest.param(
            "serial", 10**5000, "serial is of the type int, expected True or False", id="serial"
        ),
        ("sync", "x" * 200, f"sync is '{'x' * 120}', must be one of enqueue, execute"),
        ("serial", None, "serial is None, expected True or False"),
        ("calibrate", 0, "calibrate is 0, expected True or False"),
        ("use_cache", "no", "use_cache is 'no', expected True or False"),
    ],
)
def test_a_value_of_another_type_is_one_line(name: str, value: object, message: str) -> None:
    with pytest.raises(OptionError) as error:
        read_options({name: value}, MODEL)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch", np.int64(4)),
        ("tolerance", 0),
        ("tolerance", np.float32(0.5)),
        ("max_seconds", 3),
        ("stream", None),
        ("inputs", Path("inputs.npz")),
        ("shapes", {"data": [1, 3, 224, 224]}),
        ("shapes", {"ids": ((1, 16), (4, 128), (8, 512))}),
        ("shapes", {"ids": [[1, 16], [4, 128], [8, 512]]}),
        ("io_formats", {"data": "chw2"}),
        ("keep_fp32", ("LRN",)),
    ],
)
def test_values_that_do_as_well(name: str, value: object) -> None:
    assert getattr(read_options({name: value}, MODEL), name) == value


def test_options_are_frozen_compared_by_value_and_changed_by_a_copy() -> None:
    asked = Options(batch=4, keep_fp32=["LRN"])
    with pytest.raises(AttributeError, match="Options cannot be changed: batch"):
        asked.batch = 5  # type: ignore[misc]
    changed = asked.replaced(batch=5)
    assert (asked.batch, changed.batch, changed.keep_fp32) == (4, 5, ["LRN"])
    assert changed != asked
    assert changed == Options(batch=5, keep_fp32=["LRN"])
    assert "Options(batch=5, shapes={}, cut_unsupported=False, " in repr(changed)
    with pytest.raises(OptionError, match="batch is 0, must be 1 or more"):
        asked.replaced(batch=0)
    with pytest.raises(TypeError, match="Options has no option 'bach'"):
        Options(bach=4)  # type: ignore[call-arg]


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
