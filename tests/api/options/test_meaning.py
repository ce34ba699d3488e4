"""Which options mean something for which backend and input: a table, and both callers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from words import texts

import trtcore
from trtcore.api.options.declarations import SOURCE_OPTIONS, Declarations
from trtcore.api.options.declaring import Option
from trtcore.api.options.meaning import given_options, without_effect
from trtcore.cli import main
from trtcore.cli.own_options import PROFILE_OPTIONS
from trtcore.errors import OptionError, TrtcoreError

# By column: a model with an engine or on the CPU, a plan, a build, a comparison of precisions with
# engines or on the CPU, and a baseline. "x" where the option means something.
TABLE = """
                  model        plan  build  comparison   baseline
                  engine  cpu               engine  cpu
weights           x       x    -     x      x       x    x
outputs           x       x    -     x      x       x    x
batch             x       x    x     x      x       x    x
shapes            x       x    x     x      x       x    x
cut_unsupported   x       x    -     x      x       x    x
allow_external    x       x    -     x      x       x    x
backend           x       x    x     x      x       x    -
workspace_mib     x       -    -     x      x       -    -
serial            x       -    -     x      x       -    -
builds            x       x    -     -      -       -    -
plugins           x       -    x     x      x       -    -
use_cache         x       -    x     x      x       -    -
precision         x       x    -     x      -       -    x
keep_fp32         x       x    -     x      x       x    x
io_precision      x       x    -     x      x       x    x
io_formats        x       -    -     x      x       -    -
accuracy          x       x    -     -      x       x    -
tolerance         x       x    -     -      x       x    -
iterations        x       x    x     -      x       x    x
processes         x       x    x     -      -       -    -
precision_target  x       -    x     -      x       -    -
max_seconds       x       x    x     -      x       x    -
stream            x       -    x     -      -       -    -
calibrate         x       -    x     -      x       -    -
peak              x       x    x     -      -       -    -
energy            x       -    x     -      -       -    -
inputs            x       x    x     x      x       x    x
seed              x       x    x     x      x       x    x
sync              x       -    x     -      x       -    -
timing            x       -    x     -      -       -    -
"""
OWN_TABLE = """
                  model        plan  comparison
                  engine  cpu        engine  cpu
compare           x       x    -     x       x
format            x       x    x     x       x
sort              x       x    x     x       x
group_by          x       x    x     -       -
full_names        x       x    x     x       x
top               x       x    x     x       x
cost              x       x    x     -       -
findings          x       x    x     -       -
baseline          x       x    x     -       -
layer_info        x       x    x     -       -
allow_partial     x       x    x     -       -
save              x       x    x     x       x
csv               x       x    x     -       -
html              x       x    x     x       x
annotate          x       x    -     -       -
save_engine       x       -    -     -       -
verbose           x       x    x     x       x
quiet             x       x    x     x       x
"""
COLUMNS = ("engine", "cpu", "plan", "build", "comparison", "comparison on the cpu", "baseline")
OWN_COLUMNS = ("engine", "cpu", "plan", "comparison", "comparison on the cpu")

VALUES: dict[str, tuple[object, tuple[str, ...]]] = {
    "builds": (2, ("--builds", "2")),
    "processes": (2, ("--processes", "2")),
    "energy": (True, ("--energy",)),
    "weights": ("net.caffemodel", ("--weights", "net.caffemodel")),
    "outputs": (["prob"], ("--output", "prob")),
    "batch": (2, ("--batch", "2")),
    "shapes": ({"x": (1, 3)}, ("--shapes", "x:1x3")),
    "cut_unsupported": (True, ("--cut-unsupported",)),
    "allow_external": (True, ("--allow-external",)),
    "backend": ("auto", ()),
    "workspace_mib": (5, ("--workspace", "5")),
    "serial": (True, ("--serial",)),
    "plugins": (["a.so"], ("--plugins", "a.so")),
    "use_cache": (False, ("--no-cache",)),
    "precision": ("fp16", ("--fp16",)),
    "keep_fp32": (["LRN"], ("--keep-fp32", "LRN")),
    "io_precision": ("fp32", ("--io-precision", "fp32")),
    "io_formats": ({"x": "chw2"}, ("--io-format", "x:chw2")),
    "accuracy": (True, ("--accuracy",)),
    "tolerance": (0.5, ("--tolerance", "0.5")),
    "iterations": (5, ("--iterations", "5")),
    "precision_target": (0.01, ("--precision-target", "0.01")),
    "max_seconds": (3.0, ("--max-seconds", "3")),
    "stream": (True, ("--stream",)),
    "calibrate": (False, ("--no-calibration",)),
    "peak": ("fp32=67,bandwidth=4800", ("--peak", "fp32=67,bandwidth=4800")),
    "inputs": ("zeros", ("--input", "zeros")),
    "seed": (7, ("--seed", "7")),
    "sync": ("execute", ("--sync", "execute")),
    "timing": ("cupti", ("--timing", "cupti")),
    "compare": (None, ("--compare", "fp32,fp16")),
    "sort": (None, ("--sort", "time")),
    "group_by": (None, ("--group-by", "node")),
    "full_names": (None, ("--full-names",)),
    "top": (None, ("--top", "5")),
    "cost": (None, ("--cost",)),
    "findings": (None, ("--findings",)),
    "baseline": (None, ("--baseline", "onnxruntime")),
    "layer_info": (None, ("--layer-info", "l.json")),
    "allow_partial": (None, ("--allow-partial",)),
    "save": (None, ("--save", "s.json")),
    "csv": (None, ("--csv", "s.csv")),
    "format": (None, ("--format", "json")),
    "html": (None, ("--html", "s.html")),
    "annotate": (None, ("--annotate", "s.onnx")),
    "save_engine": (None, ("--save-engine", "s.plan")),
    "verbose": (None, ("--verbose",)),
    "quiet": (None, ("--quiet",)),
}
"""By option: a value that is not the default, for the API and as it is typed."""


def cells(table: str, columns: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    rows = [line.split() for line in table.strip().splitlines()[2:]]
    assert all(len(row) == len(columns) + 1 for row in rows)
    return [
        (name, column, mark == "x")
        for name, *marks in rows
        for column, mark in zip(columns, marks, strict=True)
    ]


# No model of this name exists, so that a call ends at the latest where it is read.
MODEL = "nowhere.onnx"
PLAN = "nowhere.plan"
CALLS: dict[str, Callable[..., object]] = {
    "engine": lambda **given: trtcore.profile_model(MODEL, **{"backend": "tensorrt_rtx", **given}),
    "cpu": lambda **given: trtcore.profile_model(MODEL, **{**given, "backend": "onnxruntime"}),
    "plan": lambda **given: trtcore.profile_plan(PLAN, **given),
    "build": lambda **given: trtcore.build_model(MODEL, **given),
    "comparison": lambda **given: trtcore.compare_precisions(MODEL, "fp32,fp16", **given),
    "comparison on the cpu": lambda **given: trtcore.compare_precisions(
        MODEL, "fp32,fp16", **{**given, "backend": "onnxruntime"}
    ),
    "baseline": lambda **given: trtcore.profile_baseline(MODEL, "onnxruntime", **given),
}
COMMANDS: dict[str, tuple[str, ...]] = {
    "engine": (MODEL, "--backend", "tensorrt_rtx"),
    "cpu": (MODEL, "--backend", "onnxruntime"),
    "plan": (PLAN,),
    "comparison": (MODEL, "--backend", "tensorrt_rtx", "--compare", "fp32,fp16"),
    "comparison on the cpu": (MODEL, "--backend", "onnxruntime", "--compare", "fp32,fp16"),
}


def is_refused(message: str) -> bool:
    return "has no effect" in message


@pytest.mark.parametrize("column", COLUMNS)
def test_the_api_refuses_what_means_nothing(column: str) -> None:
    for name, of, means_something in cells(TABLE, COLUMNS):
        if of != column:
            continue
        given = {name: "tensorrt" if name == "backend" else VALUES[name][0]}
        with pytest.raises(TrtcoreError) as error:
            CALLS[column](**given)
        assert is_refused(str(error.value)) is not means_something, (name, str(error.value))
        assert isinstance(error.value, OptionError) or means_something


@pytest.mark.parametrize("column", COMMANDS)
def test_the_command_line_refuses_what_means_nothing(
    column: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, of, means_something in (*cells(TABLE, COLUMNS), *cells(OWN_TABLE, OWN_COLUMNS)):
        if of != column or (name == "compare" and "--compare" in COMMANDS[column]):
            continue
        assert main(["profile", *COMMANDS[column], *VALUES[name][1]]) == 2
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        says_so = is_refused(message) or "is built already: --compare needs the model" in message
        assert says_so is not means_something, (name, message)
    assert list(tmp_path.iterdir()) == []


def test_the_tables_have_every_option() -> None:
    declared = [option.name for option in (*SOURCE_OPTIONS, *Declarations.declared)]
    assert [name for name, column, _ in cells(TABLE, COLUMNS) if column == "cpu"] == declared
    own = [name for name, column, _ in cells(OWN_TABLE, OWN_COLUMNS) if column == "cpu"]
    assert own == [option.name for option in PROFILE_OPTIONS]
    assert set(VALUES) == {*declared, *own}


def test_all_of_them_are_named_with_the_reason_and_the_way_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(OptionError) as error:
        trtcore.profile_model(
            MODEL, backend="onnxruntime", serial=True, workspace_mib=5, sync="execute"
        )
    assert str(error.value) == (
        "workspace_mib=5 (scratch memory of an engine's layers), serial=True (an engine without "
        "auxiliary streams) and sync='execute' (how an engine is run) have no effect with "
        "backend='onnxruntime', which builds no engine: leave them out"
    )
    asked = ("--backend", "onnxruntime", "--serial", "--workspace", "5", "--sync", "execute")
    assert main(["profile", MODEL, *asked]) == 2
    assert capsys.readouterr().err == (
        "trtcore: error: --workspace 5 (scratch memory of an engine's layers), --serial (an engine "
        "without auxiliary streams) and --sync execute (how an engine is run) have no effect with "
        "--backend onnxruntime, which builds no engine: leave them out\n"
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: trtcore.profile_plan(PLAN, weights="a.caffemodel"),
            "weights='a.caffemodel' (of a Caffe model) has no effect for a plan, which is built "
            "already: leave it out",
        ),
        (
            lambda: trtcore.build_model(MODEL, iterations=5),
            "iterations=5 (the length of a run) has no effect for a build, which runs nothing: "
            "leave it out",
        ),
        (
            lambda: trtcore.compare_precisions(MODEL, "fp32,fp16", precision="fp16"),
            "precision='fp16' (the one precision of the network) has no effect in a comparison of "
            "precisions, which is of several runs: leave it out",
        ),
        (
            lambda: trtcore.profile_baseline(MODEL, backend="tensorrt"),
            "backend='tensorrt' (what builds and runs the engine) has no effect for a baseline, "
            "which times the model un-fused: leave it out",
        ),
    ],
    ids=["plan", "build", "comparison", "baseline"],
)
def test_every_kind_of_input_has_its_reason(call: Callable[[], object], message: str) -> None:
    with pytest.raises(OptionError) as error:
        call()
    assert str(error.value) == message


def test_defaults_that_are_spelt_out_are_no_reason_to_refuse() -> None:
    defaults = {option.name: option.default for option in Declarations.declared}
    with pytest.raises(TrtcoreError, match=r"nowhere\.onnx: .*No such file"):
        trtcore.profile_model(MODEL, **{**defaults, "backend": "onnxruntime", "keep_fp32": []})


def test_where_no_gpu_is_found_only_what_an_engine_would_have_followed_is_said() -> None:
    values: dict[str, Any] = {
        "serial": True,
        "plugins": ["a.so"],
        "sync": "execute",
        "batch": 2,
        "calibrate": False,
    }
    given = given_options(Declarations.declared, values)
    run = (
        "calibrate (what the events of an engine's profiler cost) has no effect: the model ran on "
        "the CPU",
        "sync (how an engine is run) has no effect: the model ran on the CPU",
    )
    built = (
        "serial (an engine without auxiliary streams) has no effect: the model ran on the CPU",
        "plugins (libraries that TensorRT loads) has no effect: the model ran on the CPU",
    )
    assert texts(without_effect(given, is_built=True)) == run
    assert texts(without_effect(given, is_built=False)) == (*built, *run)


def test_every_option_says_what_it_is_about() -> None:
    every: tuple[Option, ...] = (*SOURCE_OPTIONS, *Declarations.declared, *PROFILE_OPTIONS)
    assert len({option.spelling for option in every}) == len(every)
    assert all(option.about and option.help and option.use.kinds for option in every)
