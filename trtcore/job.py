"""One model to profile: as an engine on the GPU, or as it is on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trtcore.assemble import engine_profile, model_record, node_profile
from trtcore.errors import EngineLoadError
from trtcore.inputs import GENERATED, make_inputs
from trtcore.models import Model, model_inputs, model_outputs
from trtcore.options import Options
from trtcore.precision import apply_precision
from trtcore.result import Build, Clocks, EventCost, IOTensor, Profile

if TYPE_CHECKING:
    from trtcore.backends.tensorrt.bindings import Bindings
    from trtcore.backends.tensorrt.builder import Plan
    from trtcore.session.engine_run import EngineRun
    from trtcore.session.run import Length

Progress = Callable[[str, int, int], None]
Notify = Callable[[str], None]

_GPU_ITERATIONS = 1000
_LEAST_ITERATIONS = 100


@dataclass(frozen=True)
class PlanRun:
    """What running a plan gave: the run, the clocks meanwhile, and what events cost here."""

    engine_run: EngineRun
    clocks: Clocks
    event_cost: EventCost | None


@dataclass(frozen=True)
class Job:
    """A loaded model, how to profile it, and whom to tell."""

    model: Model
    asked: Options
    progress: Progress | None
    notify: Notify | None

    def tell(self, line: str) -> None:
        """Shows the user a line."""
        if self.notify is not None and line:
            self.notify(line)

    def check_inputs(self) -> None:
        """Finds out before the build whether an input file fits."""
        if self.asked.inputs not in GENERATED:
            make_inputs(model_inputs(self.model), self.asked.inputs)

    def profile_engine(self, bindings: Bindings, plan: Plan) -> Profile:
        """Profiles a fresh plan; a GPU that this TensorRT does not serve is left to the CPU."""
        try:
            ran = run_plan(bindings, plan.content, self.model.name, self.asked, self.progress)
        except EngineLoadError as error:
            if self.asked.backend != "auto":
                raise
            self.tell(f"{error}: timing the un-fused model on the CPU with ONNX Runtime")
            return self.profile_nodes(plan.build, str(error))
        record = model_record(self.model)
        return engine_profile(bindings, ran, record, plan.build, self.asked, self.asked.precision)

    def profile_nodes(self, build: Build | None, reason: str) -> Profile:
        """Profiles the un-fused model with ONNX Runtime; ``reason`` says why not on a GPU.

        ONNX Runtime asked for by name runs the precision asked for. As a stand-in it runs the
        model as it is: that is the un-optimised baseline, and 16 bits on a CPU mean nothing.
        """
        from trtcore.backends.onnxruntime import profile_nodes, runtime_label

        asked, model, precision = self.asked, self.model, "fp32"
        warnings = (f"timed on the CPU: {reason}",) if reason else ()
        if asked.backend == "onnxruntime":
            precision = asked.precision
            model = apply_precision(model, precision)
        elif build is not None and asked.precision != precision:
            warnings = (*warnings, f"{asked.precision} was built; the CPU timed the model as it is")
        inputs = make_inputs(model_inputs(model), asked.inputs, asked.seed)
        node_run = profile_nodes(model, inputs, iterations=asked.iterations, progress=self.progress)
        io = (
            *(IOTensor(t.name, t.shape, t.dtype, mode="input") for t in model_inputs(model)),
            *(IOTensor(t.name, t.shape, t.dtype, mode="output") for t in model_outputs(model)),
        )
        return node_profile(model, node_run, io, runtime_label(), build, precision, warnings)


def run_plan(
    bindings: Bindings, plan: bytes, source: str, asked: Options, progress: Progress | None
) -> PlanRun:
    """Runs a plan while the clocks are watched, and sees to the event cost."""
    from trtcore.clocks import ClockMonitor
    from trtcore.session.calibrate import event_cost
    from trtcore.session.engine_run import RunOptions, run_engine

    options = RunOptions(
        length=_length(asked),
        batch=asked.batch,
        shapes=asked.shapes,
        inputs=asked.inputs,
        seed=asked.seed,
        sync=asked.sync,
    )
    with ClockMonitor() as monitor:
        engine_run = run_engine(bindings, plan, source, options, monitor, progress)
    samples = engine_run.run.samples
    wanted = asked.calibrate and samples.gated_ms.size and not engine_run.run.counts.interrupted
    cost = event_cost(bindings, progress, use_cache=asked.use_cache) if wanted else None
    return PlanRun(engine_run, monitor.clocks(), cost)


def _length(asked: Options) -> Length:
    """So many iterations, or on until stable where a precision or a time was asked for."""
    from trtcore.session.run import Length

    rule = asked.stop_rule()
    return Length(asked.iterations or (_LEAST_ITERATIONS if rule else _GPU_ITERATIONS), rule)
