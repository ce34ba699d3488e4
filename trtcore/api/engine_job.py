"""One model to profile: as an engine on the GPU, or as it is on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from trtcore.api.assemble import engine_profile, model_record, node_profile
from trtcore.api.meaning import without_effect
from trtcore.api.options import Options
from trtcore.api.requests import build_as_asked, node_length, precision_request, run_options
from trtcore.engine.build import check_engine, converted
from trtcore.errors import EngineLoadError, PrecisionError
from trtcore.measure.plans import PlanRun, run_plan
from trtcore.models.inputs import GENERATED, Array
from trtcore.models.model import Model
from trtcore.models.onnx.input_roles import make_model_inputs
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.convert.apply import own_precision
from trtcore.precision.formats import FORMATS, Precision
from trtcore.result.accuracy import Accuracy
from trtcore.result.backends import find_backend
from trtcore.result.build import Build
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records import Profile
from trtcore.result.warnings import RunWarning, WarningKind
from trtcore.system.progress import Notify, Progress

if TYPE_CHECKING:
    from trtcore.engine.choice import Choice
    from trtcore.engine.tensorrt.bindings import Bindings
    from trtcore.engine.tensorrt.builder import Plan
    from trtcore.measure.nodes.run import NodeRun


def on_cpu(precision: str) -> tuple[RunWarning, ...]:
    """What has to be said of a precision that ONNX Runtime computes on a CPU.

    Raises:
        PrecisionError: it does not compute in it.
    """
    row = FORMATS[Precision(precision)]
    if row.cpu_problem:
        raise PrecisionError(row.cpu_problem)
    return () if row.cpu_warning is None else (RunWarning(row.cpu_warning),)


@dataclass(frozen=True)
class Job:
    """A loaded model, how to profile it in which precision, and whom to tell.

    Attributes:
        model: as it was loaded.
        asked: with the precision in it.
        reference: the model in FP32 on the input of the run.
        progress: called with the phase, steps done and steps in all.
        notify: called with lines a user should see at once.
        watch: counts where the time goes.
    """

    model: Model
    asked: Options
    reference: Reference
    progress: Progress | None = None
    notify: Notify | None = None
    watch: Stopwatch = field(default_factory=Stopwatch, compare=False, repr=False)

    def profile(self, choice: Choice, keep_plan: Callable[[bytes], None] | None) -> Profile:
        """Builds the engine where one can be built, and profiles it or the model itself."""
        self.prepare()
        self.tell(choice.explanation)
        if choice.bindings is None:
            return self.profile_nodes(None, choice.reason)
        plan = build_as_asked(choice.bindings, self.model, self.asked, self.progress, self.watch)
        if keep_plan is not None:
            keep_plan(plan.content)
        if choice.runs_nodes:
            return self.profile_nodes(plan, choice.reason)
        return self.profile_engine(choice.bindings, plan)

    def prepare(self) -> None:
        """Finds out before the build whether an input file fits and the model can be compared."""
        if self.asked.inputs not in GENERATED:
            make_model_inputs(self.model, self.asked.inputs)
        if self.asked.wants_accuracy:
            self.report("computing the reference")
            with self.watch.phase(Phase.REFERENCE):
                _ = self.reference.outputs

    def tell(self, line: str) -> None:
        """Shows the user a line."""
        if self.notify is not None and line:
            self.notify(line)

    def report(self, phase: str) -> None:
        """Shows the user what is being done."""
        if self.progress is not None:
            self.progress(phase, 0, 0)

    def profile_engine(self, bindings: Bindings, plan: Plan) -> Profile:
        """Profiles a fresh plan; a GPU that this TensorRT does not serve is left to the CPU."""
        try:
            options = run_options(self.asked, self.model, self.watch)
            ran = run_plan(bindings, plan.content, self.model.name, options, self.progress)
        except EngineLoadError as error:
            if self.asked.backend != "auto":
                raise
            self.tell(f"{error}: timing the un-fused model on the CPU with ONNX Runtime")
            return self.profile_nodes(plan, str(error))
        return self.engine_profile(bindings, plan, ran)

    def engine_profile(self, bindings: Bindings, plan: Plan, ran: PlanRun) -> Profile:
        """The profile of a plan that ran; rows lead back to the model as it was loaded."""
        record = replace(model_record(self.model), notes=plan.model.notes)
        check = partial(check_engine, model=self.model, asked=precision_request(self.asked))
        profile = engine_profile(bindings, ran, record, plan.build, self.asked, check)
        profile = replace(profile, warnings=(*plan.warnings, *profile.warnings))
        outputs = ran.engine_run.outputs
        return self.with_accuracy(profile, lambda: self.reference.of_engine(plan.model, outputs))

    def with_accuracy(self, profile: Profile, compare: Callable[[], Accuracy]) -> Profile:
        """The profile with its outputs compared, if that was asked for and it is whole."""
        if not self.asked.wants_accuracy or profile.counts.interrupted:
            return profile
        self.report("comparing the outputs")
        with self.watch.phase(Phase.ACCURACY):
            return replace(profile, accuracy=compare())

    def profile_nodes(self, plan: Plan | None, reason: str) -> Profile:
        """Profiles the un-fused model with ONNX Runtime; ``reason`` says why not on a GPU.

        ONNX Runtime asked for by name runs the precision asked for. As a stand-in it runs the
        model as it is: that is the un-optimised baseline, and 16 bits on a CPU mean nothing.
        """
        asked, precision = self.asked, self.asked.precision or ""
        graph = plan.model if plan else converted(self.model, precision_request(asked))
        warnings = [RunWarning(WarningKind.TIMED_ON_CPU, note=reason)] if reason else []
        model = graph
        if not find_backend(asked.backend).is_unfused:
            warnings += without_effect(asked.given, is_built=plan is not None)
            model, precision = self.model, own_precision(self.model).value
            if asked.precision != precision:
                kind = WarningKind.BUILT_NOT_TIMED if plan else WarningKind.ASKED_NOT_TIMED
                warnings.append(RunWarning(kind, names=(str(asked.precision),)))
        else:
            warnings += on_cpu(precision)
        profile = self.time_nodes(model, plan.build if plan else None, precision, warnings)
        return self.with_accuracy(profile, lambda: self.reference.of_graph(graph))

    def time_nodes(
        self, model: Model, build: Build | None, precision: str, warnings: Sequence[RunWarning]
    ) -> Profile:
        """Times every node of a graph on the CPU."""
        from trtcore.measure.nodes.onnxruntime.profile import profile_nodes

        with self.watch.phase(Phase.NODES):
            node_run = profile_nodes(
                model, self.inputs_of(model), progress=self.progress, **node_length(self.asked)
            )
        return node_profile(model, node_run, build, precision, tuple(warnings))

    def inputs_of(self, graph: Model) -> dict[str, Array]:
        """What a graph is fed."""
        return make_model_inputs(graph, self.asked.inputs, self.asked.seed)

    def graph_profile(self, graph: Model, node_run: NodeRun) -> Profile:
        """The profile of the converted graph; rows lead back to the model as it was loaded."""
        precision = self.asked.precision or ""
        profile = node_profile(graph, node_run, None, precision, on_cpu(precision))
        record = replace(model_record(self.model), notes=graph.notes)
        profile = replace(profile, model=record)
        return self.with_accuracy(profile, lambda: self.reference.of_graph(graph))
