"""SSD where the builder has no NonMaxSuppression: one line, which works when it is followed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from paths import DATA

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

sys.path.append(str(DATA.parent / "models" / "caffe"))
from ssd_nets import SMALL_SSD, mobilenet_ssd

Command = Callable[..., tuple[int, str]]
NETS = {"small": SMALL_SSD, "mobilenet": mobilenet_ssd(width=0.25)}


@pytest.mark.parametrize("name", ["small", pytest.param("mobilenet", marks=pytest.mark.slow)])
def test_what_the_builder_lacks_is_one_line_that_can_be_followed(
    command: Command, tmp_path: Path, name: str
) -> None:
    net, plan = tmp_path / "net.prototxt", tmp_path / "net.plan"
    net.write_text(NETS[name])
    build = ("build", net, "-o", plan, "--backend", "tensorrt_rtx", "--quiet")
    code, error = command(*build)
    assert code == 1
    way_out = "--output mbox_loc --output mbox_conf_flatten"
    assert error.partition(" has ")[2] == (
        "no implementation of node 'detection_out/nms' (NonMaxSuppression): end the net above it "
        f"with {way_out}, or time it whole on the CPU with --backend onnxruntime\n"
    )
    assert not plan.exists()
    assert command(*build, *shlex.split(way_out))[0] == 0
    assert plan.exists()
    profile = ("profile", net, "--iterations", "2", "--backend", "onnxruntime")
    code, text = command(*profile)
    assert code == 0
    assert "detection_out/nms" in text
