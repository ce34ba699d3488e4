"""How the command line names what the core calls by the names of its arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from trtcore.cli.declared import spelled
from trtcore.errors import argument, spelled_by
from trtcore.precision.request import Precision


@pytest.mark.parametrize(
    ("name", "value", "in_python", "typed"),
    [
        ("batch", None, "batch", "--batch"),
        ("batch", 4, "batch=4", "--batch 4"),
        ("keep_fp32", None, "keep_fp32", "--keep-fp32"),
        ("keep_fp32", ["conv1", "fc"], "keep_fp32=['conv1', 'fc']", "--keep-fp32 conv1,fc"),
        ("keep_fp32", ("b/*",), "keep_fp32=('b/*',)", "--keep-fp32 'b/*'"),
        ("shapes", {"x": (2, 3)}, "shapes={'x': (2, 3)}", "--shapes x:2x3"),
        (
            "shapes",
            {"x": ((1, 2), (3, 4))},
            "shapes={'x': ((1, 2), (3, 4))}",
            "--shapes x:1x2..3x4",
        ),
        ("shapes", {"x": (2, None)}, "shapes={'x': (2, None)}", "--shapes 'x:2x?'"),
        ("io_formats", {"x": "chw2"}, "io_formats={'x': 'chw2'}", "--io-format x:chw2"),
        ("serial", True, "serial=True", "--serial"),
        ("stream", True, "stream=True", "--stream"),
        ("stream", False, "stream=False", "--no-stream"),
        ("calibrate", False, "calibrate=False", "--no-calibration"),
        ("use_cache", None, "use_cache", "--no-cache"),
        ("workspace_mib", 5, "workspace_mib=5", "--workspace 5"),
        ("inputs", Path("in.npz"), f"inputs={Path('in.npz')!r}", "--input in.npz"),
        ("plugins", ["a.so", "b,c"], "plugins=['a.so', 'b,c']", "--plugins a.so --plugins b,c"),
        ("precision", "bf16", "precision='bf16'", "--precision bf16"),
        ("weights", "a b.caffemodel", "weights='a b.caffemodel'", "--weights 'a b.caffemodel'"),
        ("layer_info", None, "layer_info", "--layer-info"),
        ("allow_partial", True, "allow_partial=True", "--allow-partial"),
    ],
)
def test_both_ways_to_name_an_argument(
    name: str, value: object, in_python: str, typed: str
) -> None:
    assert argument(name, value) == in_python
    with spelled_by(spelled):
        assert argument(name, value) == typed
    assert argument(name, value) == in_python


def test_a_precision_is_named_by_its_word() -> None:
    assert spelled("precision", Precision.FP16) == "--precision fp16"


def test_the_way_of_before_comes_back_after_an_error() -> None:
    with pytest.raises(ValueError, match="--batch"), spelled_by(spelled):
        raise ValueError(argument("batch"))
    assert argument("batch") == "batch"
