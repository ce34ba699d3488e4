"""One model to profile: as an engine on the GPU, or as it is on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from trtcore.api.assemble import engine_profile, model_record, node_profile
from trtcore.api.options.meaning import without_effect
from trtcore.api.options.values import Options
from trtcore.api.repeats import build_repeatedly, run_builds, time_nodes_repeated
from trtcore.api.requests import build_as_requested, may_overlap, precision_request
from trtcore.engine.build import check_engine, converted
from trtcore.errors import EngineLoadError, ModelError, PrecisionError
from trtcore.measure.engine_runs.plans import PlanRun
from trtcore.models.described import describe_inputs
from trtcore.models.fitting import Array
from trtcore.models.inputs import is_made
from trtcore.models.model import Model
from trtcore.models.onnx.input_roles import input_roles, make_model_inputs
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.convert.apply import own_precision
from trtcore.precision.formats import FORMATS, Precision
from trtcore.result.backends import find_backend
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.accuracy import Accuracy
from trtcore.result.records.build import Build
from trtcore.result.records.input_values import InputValues
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.progress import Notify, Progress

if TYPE_CHECKING:
    from trtcore.engine.choice import Choice
    from trtcore.engine.tensorrt.bindings import Bindings
    from trtcore.engine.tensorrt.builder import Plan
    from trtcore.measure.memory.readings import MemoryLog
    from trtcore.measure.nodes.run import NodeRun


def on_cpu(precision: str) -> tuple[RunWarning, ...]:
    """Warnings about a precision that ONNX Runtime computes on a CPU.

    Raises:
        PrecisionError: ONNX Runtime does not compute in it.
    """
    row = FORMATS[Precision(precision)]
    if row.cpu_problem:
        raise PrecisionError(row.cpu_problem)
    return () if row.cpu_warning is None else (RunWarning(row.cpu_warning),)


@dataclass(frozen=True)
class Job:
    """A loaded model, the options to profile it with, and its progress callbacks.

    Attributes:
        model: as it was loaded.
        options: the precision is set, also where it is the model's own.
        reference: the model in FP32 on the input of the run.
        progress: called with the phase, steps done and steps in all.
        notify: called with lines a user should see at once.
        watch: counts where the time goes.
        is_own: the precision is the model's own, which nobody asked for: no engine is held to it.
        log: has the memory of before the call used the GPU; None begins it with the run.
    """

    model: Model
    options: Options
    reference: Reference
    progress: Progress | None = None
    notify: Notify | None = None
    watch: Stopwatch = field(default_factory=Stopwatch, compare=False, repr=False)
    is_own: bool = False
    log: MemoryLog | None = field(default=None, compare=False, repr=False)

    def profile(self, choice: Choice, keep_plan: Callable[[bytes], None] | None) -> Profile:
        """Builds the engine where one can be built, and profiles it or the model itself."""
        is_beside = self.options.wants_accuracy and may_overlap(choice.bindings, self.model)
        self.prepare(with_reference=not is_beside)
        self.tell(choice.explanation)
        if choice.bindings is None:
            return self.profile_nodes(None, choice.reason)
        builds = 1 if choice.runs_nodes else self.options.builds
        with self.reference.beside() if is_beside else nullcontext():
            build = partial(self.build, choice.bindings)
            plans = build_repeatedly(build, self.options, builds)
        self.compute_reference()
        if keep_plan is not None:
            keep_plan(plans[0].content)
        if choice.runs_nodes:
            return self.profile_nodes(plans[0], choice.reason)
        return self.profile_engine(choice.bindings, plans)

    def build(self, bindings: Bindings, options: Options) -> Plan:
        """Builds an engine of the model."""
        return build_as_requested(
            bindings, self.model, options, self.progress, self.watch, is_own=self.is_own
        )

    def prepare(self, *, with_reference: bool = True) -> None:
        """Checks the inputs, and computes the reference, before the build.

        A build takes minutes, and either may turn out to be impossible.
        """
        # Random inputs always fit; a file may lack a tensor, a generator the type or the shape.
        if not is_made(self.options.inputs):
            make_model_inputs(self.model, self.options.inputs)
        if with_reference:
            self.compute_reference()

    def compute_reference(self) -> None:
        """Computes the reference if it is wanted and not there yet.

        Raises:
            ModelError: it cannot be had, and a tolerance is to be checked against it.
        """
        if not self.options.wants_accuracy:
            return
        self.report("computing the reference")
        with self.watch.phase(Phase.REFERENCE):
            try:
                _ = self.reference.outputs
            except ModelError:
                # The times can be measured without it: the comparison will say what is missing.
                if self.options.tolerance is not None:
                    raise

    def tell(self, line: str) -> None:
        """Shows the user a line."""
        if self.notify is not None and line:
            self.notify(line)

    def report(self, phase: str) -> None:
        """Shows the user what is being done."""
        if self.progress is not None:
            self.progress(phase, 0, 0)

    def profile_engine(self, bindings: Bindings, plans: Sequence[Plan]) -> Profile:
        """Profiles fresh plans; where TensorRT refuses this GPU, the CPU times the model."""
        try:
            ran, repeats = run_builds(
                bindings, plans, self.model, self.options, self.watch, self.progress, self.log
            )
        except EngineLoadError as error:
            # TensorRT-RTX builds for any GPU but refuses to load on those it does not support.
            if self.options.backend != "auto":
                raise
            self.tell(f"{error}: timing the un-fused model on the CPU with ONNX Runtime")
            return self.profile_nodes(plans[0], str(error))
        return repeats.added_to(self.engine_profile(bindings, plans[0], ran))

    def engine_profile(self, bindings: Bindings, plan: Plan, ran: PlanRun) -> Profile:
        """The profile of a plan that ran; rows map to the nodes of the model as it was loaded."""
        record = replace(model_record(self.model), notes=plan.model.notes)
        request = precision_request(self.options, is_own=self.is_own)
        check = partial(check_engine, model=self.model, request=request)
        with self.watch.phase(Phase.RESULT):
            profile = engine_profile(bindings, ran, record, plan.build, self.options, check)
        profile = replace(profile, warnings=(*plan.warnings, *profile.warnings))
        outputs = ran.engine_run.outputs
        return self.with_accuracy(profile, lambda: self.reference.of_engine(plan.model, outputs))

    def with_accuracy(self, profile: Profile, compare: Callable[[], Accuracy]) -> Profile:
        """The profile with its outputs compared, if requested and the run was not interrupted."""
        # After Ctrl-C the user waits for the report, and the comparison can take as long as a run.
        if not self.options.wants_accuracy or profile.counts.interrupted:
            return profile
        self.report("comparing the outputs")
        with self.watch.phase(Phase.ACCURACY):
            try:
                return replace(profile, accuracy=compare())
            except (ModelError, PrecisionError) as error:
                # What was measured is kept, whatever becomes of the comparison.
                missing = RunWarning(WarningKind.NO_REFERENCE, note=str(error))
                return replace(profile, warnings=(*profile.warnings, missing))

    def profile_nodes(self, plan: Plan | None, reason: str) -> Profile:
        """Profiles the un-fused model with ONNX Runtime; ``reason`` says why not on a GPU.

        ONNX Runtime requested by name runs the requested precision. As a stand-in for a GPU it runs
        the unmodified model: the un-optimised baseline, as 16 bits gain nothing on a CPU.
        """
        options, precision = self.options, self.options.precision or ""
        # The converted graph is needed for the accuracy even where the model itself is timed.
        graph = plan.model if plan else converted(self.model, precision_request(options))
        warnings = [RunWarning(WarningKind.TIMED_ON_CPU, note=reason)] if reason else []
        model = graph
        if not find_backend(options.backend).is_unfused:
            warnings += without_effect(options.given, is_built=plan is not None)
            model, precision = self.model, own_precision(self.model).value
            if options.precision != precision:
                kind = WarningKind.BUILT_NOT_TIMED if plan else WarningKind.ASKED_NOT_TIMED
                warnings.append(RunWarning(kind, names=(str(options.precision),)))
        else:
            warnings += on_cpu(precision)
        profile = self.time_nodes(model, plan.build if plan else None, precision, warnings)
        return self.with_accuracy(profile, lambda: self.reference.of_graph(graph))

    def time_nodes(
        self, model: Model, build: Build | None, precision: str, warnings: Sequence[RunWarning]
    ) -> Profile:
        """Times every node of a graph on the CPU."""
        inputs = self.inputs_of(model)
        with self.watch.phase(Phase.NODES):
            node_run, repeats = time_nodes_repeated(model, inputs, self.options, self.progress)
        profile = node_profile(model, node_run, build, precision, tuple(warnings))
        return repeats.added_to(replace(profile, inputs=self.described(model, inputs)))

    def inputs_of(self, graph: Model) -> dict[str, Array]:
        """The inputs of a graph, by name; equal for every precision but for their type."""
        return make_model_inputs(graph, self.options.inputs, self.options.seed)

    def described(self, graph: Model, inputs: Mapping[str, Array]) -> tuple[InputValues, ...]:
        """What a result keeps of the inputs of a graph."""
        return describe_inputs(inputs, self.options.inputs, input_roles(graph))

    def graph_profile(self, graph: Model, node_run: NodeRun) -> Profile:
        """The profile of the converted graph; rows map to the nodes of the model as loaded."""
        precision = self.options.precision or ""
        profile = node_profile(graph, node_run, None, precision, on_cpu(precision))
        record = replace(model_record(self.model), notes=graph.notes)
        inputs = self.described(graph, self.inputs_of(graph))
        profile = replace(profile, model=record, inputs=inputs)
        return self.with_accuracy(profile, lambda: self.reference.of_graph(graph))
