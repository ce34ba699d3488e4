"""Real engines in several precisions; only what a GPU would have measured is made up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from precision_models import model_of

import trtcore
from trtcore.api.options.values import Options
from trtcore.api.precision_job import PrecisionRuns, check_precisions
from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.errors import ModelError, PrecisionNotMetError, RunError
from trtcore.measure.engine_runs.plans import PlanRun
from trtcore.measure.engine_runs.records import EngineRun
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.nodes.onnxruntime.profile import run_model
from trtcore.models.model import Model
from trtcore.precision.accuracy.reference import Reference
from trtcore.report.content.facts.precision import precision_line
from trtcore.result.phases import Phase
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.records.accuracy import Compared
from trtcore.result.records.counts import Counts
from trtcore.result.records.failure import RunFailure
from trtcore.result.records.samples import Samples
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.records import Clocks

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

N = 64
NET = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[2,8,16,16] x) => (float[2,16,16,16] y) <float[16,8,3,3] w, float[16,16,1,1] v> {
  [conv1] c = Conv <pads = [1, 1, 1, 1]> (x, w) [relu1] r = Relu (c)
  [norm] n = LRN <size = 5> (r) [conv2] y = Conv (n, v)
}
"""


@pytest.fixture
def net() -> Model:
    return model_of(NET)


class MadeUpRuns:
    """In the place of `run_plans`: every layer takes 0.01 ms, half of that in 16 bits."""

    def __init__(self, model: Model, plans: Mapping[bytes, EngineInformation]) -> None:
        self.outputs = Reference(model, run_model).outputs
        self.plans = plans
        self.labels: tuple[str, ...] = ()
        self.interrupted_at = N
        self.error = 1e-3
        self.failure: RunFailure | None = None

    def __call__(
        self, bindings: Bindings, plans: Mapping[str, bytes], *_: object
    ) -> tuple[PlanRun, ...]:
        self.labels = tuple(plans)
        return tuple(self.run(self.plans[content]) for content in plans.values())

    def run(self, information: EngineInformation) -> PlanRun:
        is_half = any(tensor.dtype == "Half" for tensor in information.io)
        names = tuple(layer.name for layer in information.layers)
        times = np.full((self.interrupted_at, len(names)), 0.005 if is_half else 0.01, np.float32)
        total = times.sum(axis=1)
        counts = Counts(N, 16, len(times), self.interrupted_at < N, failure=self.failure)
        run = Run(names, Samples(times, total + 1, gpu_ms=total), counts, ())
        factor = np.float32(1 + self.error if is_half else 1)
        outputs = {name: array * factor for name, array in self.outputs.items()}
        made = EngineRun(run, information.io, information, 0, "DETAILED", outputs, False)
        return PlanRun(made, Clocks(), None)


@pytest.fixture
def runs(net: Model, monkeypatch: pytest.MonkeyPatch) -> MadeUpRuns:
    """Remembers what is in each plan that is built, as no engine can be loaded here."""
    import trtcore.api.precision_job as module

    plans: dict[bytes, EngineInformation] = {}
    build = module.build_as_requested

    def remember(*arguments: Any) -> Any:
        plan = build(*arguments)
        assert plan.information is not None
        plans[plan.content] = plan.information
        return plan

    made_up = MadeUpRuns(net, plans)
    monkeypatch.setattr(module, "build_as_requested", remember)
    monkeypatch.setattr(module, "run_plans", made_up)
    return made_up


RTX: Any = SimpleNamespace(
    name="tensorrt_rtx", runs_nodes=False, reason="", bindings=load_bindings("tensorrt_rtx")
)


def compare(model: Model, precisions: str = "fp32,fp16,half2", **options: object) -> Any:
    asked = Options(use_cache=False, **options)
    chosen = check_precisions(precisions.split(","))
    return PrecisionRuns(model, chosen, asked).compare(load_bindings("tensorrt_rtx"))


def test_every_precision_has_its_engine_its_check_and_its_accuracy(
    net: Model, runs: MadeUpRuns
) -> None:
    comparison = compare(net)
    assert runs.labels == ("measuring fp32", "measuring fp16", "measuring half2")
    assert comparison.precisions == ("fp32", "fp16", "half2")
    full, half, paired = comparison.profiles
    assert [t.format for t in paired.io] == ["chw2", "chw2"]
    assert [t.format for t in half.io] == ["linear", "linear"]
    assert precision_line(full.build.precision).startswith("requested fp32: ")
    assert precision_line(half.build.precision).endswith("% of time")
    assert all(fallback.nodes == ("norm",) for fallback in half.build.precision.fallbacks)
    assert all(
        fallback.median_ms == pytest.approx(0.005) for fallback in half.build.precision.fallbacks
    )
    assert half.accuracy.compared is Compared.ENGINE
    assert full.accuracy.relative_l2 == 0
    assert half.accuracy.relative_l2 == pytest.approx(1e-3, rel=1e-3)
    assert half.model.nodes == full.model.nodes
    assert half.model.notes[-1].startswith("FP16 written into the graph: 4 nodes")
    assert comparison.verdict.startswith("fp16 is the fastest with ")
    nodes = {node for row in comparison.rows for node in row.nodes}
    assert nodes == {"conv1", "relu1", "norm", "conv2"}
    assert comparison.reformats.times[2].median_ms > 0, "chw2 is reformatted"


def test_the_gate_names_the_precision(net: Model, runs: MadeUpRuns) -> None:
    comparison = compare(net, "fp32,fp16", tolerance=1e-4)
    comparison.require(1e-2)
    with pytest.raises(PrecisionNotMetError, match=r"fp16: output 'y' is 0\.001") as raised:
        comparison.require(1e-4)
    assert raised.value.result is comparison


def test_nan_is_traced_and_told(net: Model, runs: MadeUpRuns) -> None:
    runs.error = np.nan
    comparison = compare(net, "fp32,fp16")
    assert ", NaN or infinite outputs" in comparison.verdict
    with pytest.raises(PrecisionNotMetError, match="fp16: output 'y' has 8192 NaN"):
        comparison.require(1.0)


def test_ctrl_c(net: Model, runs: MadeUpRuns) -> None:
    runs.interrupted_at = 20
    comparison = compare(net, "fp32,fp16")
    assert all(profile.counts.interrupted for profile in comparison.profiles)
    assert all(profile.accuracy is None for profile in comparison.profiles)
    runs.interrupted_at = 0
    with pytest.raises(KeyboardInterrupt):
        compare(net, "fp32,fp16")


def test_an_error_of_cuda_leaves_the_comparison_of_what_was_measured(
    net: Model, runs: MadeUpRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.interrupted_at = 20
    runs.failure = RunFailure(Phase.GATED, "cuStreamSynchronize failed: gone", 25, 700)
    monkeypatch.setattr("trtcore.engine.choice.choose_backend", lambda _: RTX)
    monkeypatch.setattr("trtcore.api.calls.load_plugins", lambda *_: None)
    said = "the run failed in iteration 25 of the gated pass: cuStreamSynchronize failed: gone"
    with pytest.raises(RunError) as raised:
        trtcore.compare_precisions(net, "fp32,fp16", use_cache=False)
    assert str(raised.value) == (
        f"{said} (CUDA error 700); 20 of 64 profiled iterations were measured before it"
    )
    assert isinstance(raised.value.result, PrecisionComparison)
    first, second = raised.value.result.profiles
    assert first.counts.failure == second.counts.failure == runs.failure
    runs.interrupted_at = 0
    with pytest.raises(RunError) as raised:
        trtcore.compare_precisions(net, "fp32,fp16", use_cache=False)
    assert (str(raised.value), raised.value.result) == (f"{said} (CUDA error 700)", None)


def test_a_model_that_onnx_runtime_cannot_run_is_compared_without_accuracy(
    net: Model, runs: MadeUpRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ModelError("net: ONNX Runtime: no kernel for Plugin")

    monkeypatch.setattr("trtcore.measure.nodes.onnxruntime.profile.run_model", refuse)
    comparison = compare(net, "fp32,fp16")
    note = "net: ONNX Runtime: no kernel for Plugin"
    assert comparison.notes == (RunWarning(WarningKind.NO_REFERENCE, note=note),)
    assert "relative L2" not in comparison.verdict
    with pytest.raises(ModelError, match="no kernel for Plugin"):
        compare(net, "fp32,fp16", tolerance=1e-2)


def test_it_can_be_saved(net: Model, runs: MadeUpRuns, tmp_path: Path) -> None:
    comparison = compare(net)
    trtcore.save_precisions(comparison, tmp_path / "x.json")
    found = trtcore.load_precisions(tmp_path / "x.json")
    assert found.profiles[1].build == comparison.profiles[1].build
    assert found.profiles[1].accuracy == comparison.profiles[1].accuracy
