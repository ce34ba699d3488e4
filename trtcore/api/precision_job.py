"""Builds and runs one model in several precisions, in turns, and compares what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trtcore.api.engine_job import Job, on_cpu
from trtcore.api.options import Options
from trtcore.api.requests import (
    build_as_asked,
    node_length,
    precision_request,
    run_options,
    with_precision,
)
from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.compare.precisions.rows import compare_runs
from trtcore.engine.build import converted
from trtcore.errors import ModelError, OptionError
from trtcore.measure.plans import run_plans
from trtcore.models.model import Model
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.formats import FORMATS, Precision
from trtcore.result.records import Profile
from trtcore.result.warnings import RunWarning, WarningKind
from trtcore.system.progress import Progress

if TYPE_CHECKING:
    from trtcore.engine.tensorrt.bindings import Bindings


def check_precisions(words: str | Sequence[str]) -> tuple[Precision, ...]:
    """Returns the precisions to compare.

    Args:
        words: a list of them, or one text with commas between them.

    Raises:
        OptionError: an unknown one, one that is there twice, or fewer than two.
    """
    if isinstance(words, str):
        words = [word.strip() for word in words.split(",") if word.strip()]
    precisions = tuple(Precision(word) for word in words)
    if len(precisions) < 2:
        raise OptionError(f"{', '.join(words) or 'nothing'} is not enough to compare, give two")
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
        asked: how to build and run all of them.
        progress: called with the phase, steps done and steps in all.
    """

    model: Model
    precisions: tuple[Precision, ...]
    asked: Options
    progress: Progress | None = None

    def compare(self, bindings: Bindings | None) -> PrecisionComparison:
        """Runs engines, or without bindings the converted graphs under ONNX Runtime.

        Raises:
            KeyboardInterrupt: Ctrl-C before every precision had something to compare.
        """
        from trtcore.measure.nodes.onnxruntime.profile import run_model

        reference = Reference(self.model, run_model, self.asked.inputs, self.asked.seed)
        problem = self._reference_problem(reference)
        asked = self.asked.replaced(accuracy=not problem, stream=False)
        jobs = [self._job(precision, asked, reference) for precision in self.precisions]
        profiles = self._nodes(jobs) if bindings is None else self._engines(jobs, bindings)
        if not all(profile.counts.measured for profile in profiles):
            raise KeyboardInterrupt
        notes = [] if bindings else [RunWarning(WarningKind.GRAPHS_ON_CPU)]
        if problem:
            notes.append(RunWarning(WarningKind.NO_REFERENCE, note=problem))
        return compare_runs(profiles, notes)

    def _reference_problem(self, reference: Reference) -> str:
        """Why there is nothing to compare outputs with; an error if that was asked for."""
        if self.progress is not None:
            self.progress("computing the reference", 0, 0)
        try:
            _ = reference.outputs
        except ModelError as error:
            if self.asked.wants_accuracy:
                raise
            return str(error)
        return ""

    def _job(self, precision: Precision, asked: Options, reference: Reference) -> Job:
        kept = () if FORMATS[precision].is_full else asked.keep_fp32
        own = asked.replaced(precision=precision.value, keep_fp32=kept)
        return Job(self.model, with_precision(own, self.model), reference, self.progress)

    def _engines(self, jobs: Sequence[Job], bindings: Bindings) -> list[Profile]:
        plans = [build_as_asked(bindings, self.model, job.asked, self.progress) for job in jobs]
        labels = [f"measuring {precision.value}" for precision in self.precisions]
        contents = [plan.content for plan in plans]
        runs = run_plans(
            bindings,
            dict(zip(labels, contents, strict=True)),
            self.model.name,
            run_options(jobs[0].asked, self.model),
            self.progress,
        )
        return [
            job.engine_profile(bindings, plan, run)
            for job, plan, run in zip(jobs, plans, runs, strict=True)
        ]

    def _nodes(self, jobs: Sequence[Job]) -> list[Profile]:
        from trtcore.measure.nodes.onnxruntime.profile import profile_in_turns

        for precision in self.precisions:
            on_cpu(precision.value)
        graphs = [converted(self.model, precision_request(job.asked)) for job in jobs]
        runs = profile_in_turns(
            [(graph, job.inputs_of(graph)) for job, graph in zip(jobs, graphs, strict=True)],
            labels=[precision.value for precision in self.precisions],
            progress=self.progress,
            **node_length(self.asked),
        )
        return [
            job.graph_profile(graph, run)
            for job, graph, run in zip(jobs, graphs, runs, strict=True)
        ]
