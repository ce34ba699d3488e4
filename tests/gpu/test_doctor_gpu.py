"""``trtcore doctor`` on a machine with a GPU, each run in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.system.device import current_device

pytestmark = pytest.mark.gpu


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh process: this one keeps the CUPTI that it found first."""
    command = [sys.executable, "-m", "trtcore", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_the_facts_are_those_of_this_gpu(bindings: Bindings) -> None:
    ran = doctor("--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    facts = json.loads(ran.stdout)
    device = current_device()
    assert device is not None
    assert (facts["gpu"], facts["gpu_problem"], facts["works"]) == (device.name, "", True)
    assert re.fullmatch(r"[\d.]+", facts["driver"])
    assert re.fullmatch(r"\d+\.\d+", facts["cuda"])
    states = {state["name"]: state for state in facts["backends"]}
    # The one that `auto` takes was built with and run, not only found.
    best = next(state for state in facts["backends"] if state["times"])
    assert best["label"] == bindings.label
    assert (best["builds"], best["problem"]) == (True, "")
    assert best["seconds"] > 0
    assert states["onnxruntime"]["times"]


def test_the_text_names_the_gpu_and_what_works(bindings: Bindings) -> None:
    ran = doctor()
    device = current_device()
    assert device is not None
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"\n  device         {device.name}\n" in ran.stdout
    assert re.search(rf"^  \w+ +{re.escape(bindings.label)}: works \(self-test", ran.stdout, re.M)
    assert "cannot time them" not in ran.stdout
    last = ran.stdout.splitlines()[-1]
    assert re.fullmatch(r"networks can be timed with (?:\w+ and )*onnxruntime", last)


def test_a_gpu_that_is_hidden_is_a_problem_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    ran = doctor("--json")
    facts = json.loads(ran.stdout)
    assert facts["gpu"] == ""
    assert facts["gpu_problem"]
    assert not [state for state in facts["backends"] if state["times"] and state["builds"]]
    assert ran.returncode == 0  # the CPU works
