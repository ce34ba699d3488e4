"""Runs that are repeated: in fresh processes, or over several builds of one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trtcore.api.options.values import Options
from trtcore.api.requests import node_length, run_options
from trtcore.measure.engine_runs.plans import PlanRun, run_plan, run_plans
from trtcore.models.model import Model
from trtcore.result.analysis.repeats import (
    half_width,
    layer_medians,
    process_medians,
    series_medians,
)
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.readers.inspector.inspector import match_layers
from trtcore.result.records.profile import Profile
from trtcore.result.records.repeats import BuildMedians, ProcessMedians
from trtcore.system.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trtcore.engine.tensorrt.bindings import Bindings
    from trtcore.engine.tensorrt.builder import Plan
    from trtcore.measure.engine_runs.records import RunOptions
    from trtcore.measure.memory.readings import MemoryLog
    from trtcore.measure.nodes.run import NodeRun


@dataclass(frozen=True)
class Repeats:
    """What further processes or builds measured.

    Attributes:
        processes: medians of each process; None for a single one.
        builds: medians of each build; empty for a single one.
    """

    processes: ProcessMedians | None = None
    builds: tuple[BuildMedians, ...] = ()

    def added_to(self, profile: Profile) -> Profile:
        """Returns a profile with them in it."""
        return replace(profile, processes=self.processes, builds=self.builds)


def run_plan_repeated(
    bindings: Bindings,
    plan: bytes,
    source: str,
    options: Options,
    run: RunOptions,
    progress: Progress | None,
) -> tuple[PlanRun, Repeats]:
    """Runs a plan here, or in as many fresh processes as are requested.

    Returns:
        The run, of the process in the middle, and the medians of all of them.
    """
    if options.processes == 1:
        return run_plan(bindings, plan, source, run, progress), Repeats()
    from trtcore.measure.processes.engines import run_plan_in_processes

    with run.watch.phase(Phase.PROCESSES):
        runs = run_plan_in_processes(
            bindings, plan, source, run, options.plugins, options.processes, progress
        )
    measured = [one.engine_run.run for one in runs]
    processes = process_medians(
        [one.samples for one in measured], [one.layer_names for one in measured]
    )
    shown = runs[processes.shown]
    if len(runs) < options.processes:
        cut = replace(shown.engine_run, run=shown.engine_run.run.cut())
        shown = replace(shown, engine_run=cut)
    return shown, Repeats(processes if len(runs) > 1 else None)


def build_repeatedly(
    build: Callable[[Options], Plan], options: Options, count: int
) -> tuple[Plan, ...]:
    """Builds a model so many times: without a timing cache, if more than once."""
    if count > 1:  # a build that read another's cache would choose the same tactics
        options = options.replaced(use_cache=False)
    return tuple(build(options) for _ in range(count))


def run_builds(
    bindings: Bindings,
    plans: Sequence[Plan],
    model: Model,
    options: Options,
    watch: Stopwatch,
    progress: Progress | None,
    log: MemoryLog | None = None,
) -> tuple[PlanRun, Repeats]:
    """Runs the plan of a model; of several builds all interleaved, and the first is returned."""
    run = run_options(options, model, watch, log)
    if len(plans) == 1:
        return run_plan_repeated(bindings, plans[0].content, model.name, options, run, progress)
    contents = {f"measuring build {i + 1}": plan.content for i, plan in enumerate(plans)}
    runs = run_plans(bindings, contents, model.name, run, progress)
    if not all(one.engine_run.run.counts.measured for one in runs):
        return runs[0], Repeats()  # Ctrl-C before every build had a time
    builds = tuple(
        BuildMedians(
            match_layers(one.engine_run.information.layers, one.engine_run.run.layer_names),
            layer_medians(one.engine_run.run.samples),
            series_medians([one.engine_run.run.samples]),
            half_width(one.engine_run.run.samples),
            len(plan.content),
            plan.build.seconds,
        )
        for one, plan in zip(runs, plans, strict=True)
    )
    return runs[0], Repeats(builds=builds)


def time_nodes_repeated(
    model: Model, inputs: Mapping[str, Any], options: Options, progress: Progress | None
) -> tuple[NodeRun, Repeats]:
    """Times the nodes of a graph on the CPU, repeated as requested.

    A *build* here is a session of its own: ONNX Runtime prepares the graph anew for each.
    """
    from trtcore.measure.nodes.onnxruntime.profile import profile_in_turns, profile_nodes

    length = node_length(options)
    if options.builds > 1:
        graphs = [(model, inputs)] * options.builds
        labels = [f"build {i + 1}" for i in range(options.builds)]
        runs = profile_in_turns(graphs, labels=labels, progress=progress, **length)
        return runs[0], Repeats(builds=tuple(map(_node_build, runs)))
    if options.processes == 1:
        return profile_nodes(model, inputs, progress=progress, **length), Repeats()
    return _nodes_in_processes(model, inputs, options, progress)


def _nodes_in_processes(
    model: Model, inputs: Mapping[str, Any], options: Options, progress: Progress | None
) -> tuple[NodeRun, Repeats]:
    from trtcore.measure.nodes.onnxruntime.profile import profile_nodes
    from trtcore.measure.processes.fresh import call_in_fresh_processes

    call = {"model": model, "inputs": dict(inputs), **node_length(options)}
    runs: tuple[NodeRun, ...] = call_in_fresh_processes(
        profile_nodes, [call] * options.processes, progress
    )
    names = [tuple(layer.name for layer in run.layers) for run in runs]
    processes = process_medians([run.samples for run in runs], names)
    shown = runs[processes.shown]
    if len(runs) < options.processes:
        shown = replace(shown, counts=replace(shown.counts, interrupted=True))
    return shown, Repeats(processes if len(runs) > 1 else None)


def _node_build(run: NodeRun) -> BuildMedians:
    samples = run.samples
    return BuildMedians(
        run.layers, layer_medians(samples), series_medians([samples]), half_width(samples)
    )
