"""Builds one model in several precisions, runs them interleaved and compares the results."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from trtcore.api.engine_job import Job, on_cpu
from trtcore.api.options.values import Options
from trtcore.api.requests import (
    build_as_requested,
    may_overlap,
    node_length,
    precision_request,
    run_options,
    with_precision,
)
from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.compare.precisions.rows import compare_runs
from trtcore.engine.build import converted
from trtcore.errors import ModelError, OptionError
from trtcore.measure.engine_runs.plans import run_plans
from trtcore.models.model import Model
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.formats import FORMATS, Precision
from trtcore.result.analysis.failures import failure_error
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.progress import Progress

if TYPE_CHECKING:
    from trtcore.engine.tensorrt.bindings import Bindings
    from trtcore.engine.tensorrt.builder import Plan


def check_precisions(names: str | Sequence[str]) -> tuple[Precision, ...]:
    """Returns the precisions to compare.

    Args:
        names: such as ``["fp32", "fp16"]`` or ``"fp32,fp16"``.

    Raises:
        OptionError: an unknown one, one that is there twice, or fewer than two.
    """
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",") if name.strip()]
    precisions = tuple(Precision(name) for name in names)
    if len(precisions) < 2:
        raise OptionError(f"{', '.join(names) or 'nothing'} is not enough to compare, give two")
    for precision in precisions:
        if precisions.count(precision) > 1:
            raise OptionError(f"{precision.value} is there twice")
    return precisions


@dataclass(frozen=True)
class PrecisionRuns:
    """One model in several precisions.

    Attributes:
        model: as it was loaded.
        precisions: the first is what the others are compared with.
        options: how to build and run all of them.
        progress: called with the phase, steps done and steps in all.
        watch: counts where the time goes.
    """

    model: Model
    precisions: tuple[Precision, ...]
    options: Options
    progress: Progress | None = None
    watch: Stopwatch = field(default_factory=Stopwatch, compare=False, repr=False)

    def compare(self, bindings: Bindings | None) -> PrecisionComparison:
        """Runs engines, or without bindings the converted graphs under ONNX Runtime.

        Raises:
            RunError: TensorRT or CUDA failed before every precision had something to compare.
            KeyboardInterrupt: Ctrl-C before that.
        """
        from trtcore.measure.nodes.onnxruntime.profile import run_model

        reference = Reference(self.model, run_model, self.options.inputs, self.options.seed)
        is_beside = may_overlap(bindings, self.model)
        problem = "" if is_beside else self._reference_problem(reference)
        # Intervals of ratios resample iterations, which a streamed run keeps the last of only.
        options = self.options.replaced(accuracy=not problem, stream=False)
        jobs = [self._job(precision, options, reference) for precision in self.precisions]
        with reference.beside() if is_beside else nullcontext():
            plans = self._plans(jobs, bindings)
        if is_beside and (problem := self._reference_problem(reference)):
            jobs = [replace(job, options=job.options.replaced(accuracy=False)) for job in jobs]
        profiles = self._nodes(jobs) if bindings is None else self._engines(jobs, plans, bindings)
        # A column without a figure would make every ratio empty.
        if not all(profile.counts.measured for profile in profiles):
            for profile in profiles:
                if profile.counts.failure is not None:
                    raise failure_error(profile.counts.failure)
            raise KeyboardInterrupt
        notes = [] if bindings else [RunWarning(WarningKind.GRAPHS_ON_CPU)]
        if problem:
            notes.append(RunWarning(WarningKind.NO_REFERENCE, note=problem))
        with self.watch.phase(Phase.RESULT):
            return compare_runs(profiles, notes)

    def _reference_problem(self, reference: Reference) -> str:
        """Why there is nothing to compare outputs with; an error with a tolerance to check."""
        if self.progress is not None:
            self.progress("computing the reference", 0, 0)
        try:
            with self.watch.phase(Phase.REFERENCE):
                _ = reference.outputs
        except ModelError as error:
            if self.options.tolerance is not None:
                raise
            # Times can be compared without a reference, and a note says what is missing.
            return str(error)
        return ""

    def _job(self, precision: Precision, options: Options, reference: Reference) -> Job:
        # A full-precision graph has nothing to pin, and the converter refuses the option for it.
        kept = () if FORMATS[precision].is_full else options.keep_fp32
        own = options.replaced(precision=precision.value, keep_fp32=kept)
        return Job(
            self.model, with_precision(own, self.model), reference, self.progress, watch=self.watch
        )

    def _plans(self, jobs: Sequence[Job], bindings: Bindings | None) -> list[Plan]:
        if bindings is None:
            return []
        return [
            build_as_requested(bindings, self.model, job.options, self.progress, self.watch)
            for job in jobs
        ]

    def _engines(
        self, jobs: Sequence[Job], plans: Sequence[Plan], bindings: Bindings
    ) -> list[Profile]:
        # All engines are built first: they have to be loaded together to be run interleaved.
        labels = [f"measuring {precision.value}" for precision in self.precisions]
        contents = [plan.content for plan in plans]
        runs = run_plans(
            bindings,
            dict(zip(labels, contents, strict=True)),
            self.model.name,
            run_options(jobs[0].options, self.model, self.watch),
            self.progress,
        )
        return [
            job.engine_profile(bindings, plan, run)
            for job, plan, run in zip(jobs, plans, runs, strict=True)
        ]

    def _nodes(self, jobs: Sequence[Job]) -> list[Profile]:
        from trtcore.measure.nodes.onnxruntime.profile import profile_in_turns

        for precision in self.precisions:
            on_cpu(precision.value)  # refuses BF16 before minutes of converting and running
        with self.watch.phase(Phase.CONVERT):
            graphs = [converted(self.model, precision_request(job.options)) for job in jobs]
        with self.watch.phase(Phase.NODES):
            runs = profile_in_turns(
                [(graph, job.inputs_of(graph)) for job, graph in zip(jobs, graphs, strict=True)],
                labels=[precision.value for precision in self.precisions],
                progress=self.progress,
                **node_length(self.options),
            )
        return [
            job.graph_profile(graph, run)
            for job, graph, run in zip(jobs, graphs, runs, strict=True)
        ]
