"""All figures that follow from one profile, each computed once and only if it is used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from trtcore.result.analysis.builds import BuildVariance, build_variance
from trtcore.result.analysis.cost.roofline import NetworkCost, network_cost
from trtcore.result.analysis.cost.work import GroupWork, group_works, has_work
from trtcore.result.analysis.diagnosis import diagnose
from trtcore.result.analysis.findings.evidence import Evidence
from trtcore.result.analysis.findings.finding import Finding
from trtcore.result.analysis.findings.registry import find_all
from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.fusion.groups import FusionMap, map_fusion, model_graph
from trtcore.result.analysis.naming.short_names import ShortNames
from trtcore.result.analysis.reconciliation.kernels import (
    KernelAgreement,
    KernelTotals,
    LayerKernels,
    agreement,
    kernel_totals,
    layer_kernels,
    times_alone,
)
from trtcore.result.analysis.reconciliation.reconcile import Reconciliation, reconcile_profile
from trtcore.result.analysis.repeats import process_interval
from trtcore.result.analysis.steadiness import Steadiness, interval_of, observe
from trtcore.result.analysis.summary import (
    Latency,
    Markers,
    fold_markers,
    latency_of,
    layer_rows,
    summarise_all_series,
)
from trtcore.result.records.layers import LayerProfile
from trtcore.result.records.profile import Profile
from trtcore.result.records.warnings import RunWarning
from trtcore.stats.intervals import Interval, TimeSummary


class Analysis:
    """The figures that follow from a profile; all reports of it share one analysis.

    Each property is computed when it is first read and then kept, as a profile never changes.

    ::

        analysis = trtcore.Analysis(trtcore.load_profile("googlenet.json"))
        for row in analysis.rows:
            print(row.layer.nodes, row.median_ms, row.corrected_ms)
        print(analysis.warnings)

    Attributes:
        profile: what the figures are of.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    @classmethod
    def of(cls, profile: Profile | Analysis) -> Analysis:
        """Returns the analysis of a profile; an analysis as it is."""
        return profile if isinstance(profile, Analysis) else cls(profile)

    def reused_for(self, profile: Profile) -> Analysis:
        """Returns the analysis of a profile: this one, with its cached figures, if it is of that.

        It is what to call after a change of texts that mostly changes nothing.
        """
        # By identity: comparing the sample arrays would take longer than it saves.
        return self if profile is self.profile else Analysis(profile)

    @cached_property
    def rows(self) -> tuple[LayerProfile, ...]:
        """One row per layer, in execution order: what `trtcore.summarise_layers` returns."""
        return layer_rows(self.profile, self.reconciliation)

    @cached_property
    def layer_times(self) -> tuple[float, ...]:
        """(L,) corrected times in ms, or the medians where those are not known."""
        return tuple(row.own_ms for row in self.rows)

    @cached_property
    def folded(self) -> tuple[tuple[LayerProfile, ...], Markers]:
        """The rows without stream sync layers, and all of those as one line."""
        return fold_markers(self.rows)

    @cached_property
    def reconciliation(self) -> Reconciliation | None:
        """How the layer times add up to the latency; None without gated passes."""
        return reconcile_profile(self.profile)

    @cached_property
    def fusion(self) -> FusionMap:
        """Which layers and model nodes belong together.

        Raises:
            ResultError: a model node is there twice.
        """
        return map_fusion(self.profile)

    @cached_property
    def graph(self) -> ModelGraph:
        """The model by its nodes.

        Raises:
            ResultError: a model node is there twice.
        """
        return model_graph(self.profile)

    @cached_property
    def short_names(self) -> ShortNames:
        """Names of rows and modules for narrow columns."""
        return ShortNames(self.graph)

    @cached_property
    def series(self) -> Mapping[str, TimeSummary | None]:
        """The un-profiled series by their names in `Samples`; None for one not measured."""
        return summarise_all_series(self.profile.samples)

    @cached_property
    def intervals(self) -> Mapping[str, Interval]:
        """The 95 % interval of each median of `latency`, in ms.

        Over processes where there were several; else over iterations, widened for autocorrelation.
        """
        return {name: self._interval(name) for name in ("wall_ms", "gpu_ms", "enqueue_ms")}

    def _interval(self, name: str) -> Interval:
        processes = self.profile.processes
        between = process_interval(processes, name) if processes else None
        return between or interval_of(self.profile.samples, name, self.series[name])

    @cached_property
    def latency(self) -> Latency:
        """The un-profiled inference."""
        return latency_of(self.profile.batch, self.series)

    @cached_property
    def steadiness(self) -> Steadiness:
        """Outliers, modes and drift of the passes and the longest layers."""
        return observe(self.profile)

    @cached_property
    def work(self) -> tuple[GroupWork, ...]:
        """What each group of `fusion` computes and moves; empty where that was not counted."""
        return group_works(self.profile, self.fusion) if has_work(self.profile) else ()

    @cached_property
    def cost(self) -> NetworkCost | None:
        """The groups' work beside their times and the device's peaks; None without `work`."""
        if not self.work:
            return None
        wall = self.series["wall_ms"]
        return network_cost(
            self.work,
            self.rows,
            self.profile.peaks,
            latency_ms=wall.median_ms if wall else float("nan"),
            clock_step_ms=self.profile.timed_by.clock_step_ms,
        )

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What could be done about the time, the largest saving first.

        None of another tool's file, which says too little about how it was measured.
        """
        if self.profile.source_tool:
            return ()
        return find_all(
            Evidence(
                self.profile,
                self.rows,
                self.fusion,
                self.series,
                self.cost,
                self.reconciliation,
                self.kernel_totals,
            )
        )

    @cached_property
    def figure_warnings(self) -> tuple[RunWarning, ...]:
        """The warnings that follow from the figures."""
        return diagnose(self.profile, self.latency, self.steadiness, self.rows)

    @cached_property
    def warnings(self) -> tuple[RunWarning, ...]:
        """Those that only the run could see, then `figure_warnings`; none is repeated."""
        # A dictionary keeps the order, which is that of the reports.
        return tuple(dict.fromkeys((*self.profile.warnings, *self.figure_warnings)))

    @cached_property
    def build_variance(self) -> BuildVariance | None:
        """How far several builds of the model differ; None if there is only one."""
        return build_variance(self.profile)

    @cached_property
    def kernels(self) -> LayerKernels | None:
        """The kernels of each layer; None if none were traced."""
        traced = self.profile.kernels
        return None if traced is None else layer_kernels(traced, len(self.profile.layers))

    @cached_property
    def kernel_totals(self) -> KernelTotals | None:
        """The traced iteration as a whole; None if none was traced."""
        return None if self.profile.kernels is None else kernel_totals(self.profile.kernels)

    @cached_property
    def agreement(self) -> KernelAgreement | None:
        """How well corrected layer times agree with kernel times; None where either is missing."""
        reconciled = self.reconciliation
        # Raw times hold the events' cost, so that none would agree.
        if self.kernels is None or reconciled is None or not reconciled.is_corrected:
            return None
        return agreement(reconciled.corrected_ms, self.kernels.kernel_ms)

    @cached_property
    def agreement_alone(self) -> KernelAgreement | None:
        """The same with the kernels alone, in profiled iterations; None if they were not traced."""
        traced, reconciled = self.profile.kernels, self.reconciliation
        if traced is None or reconciled is None or not reconciled.is_corrected:
            return None
        alone = times_alone(traced, len(self.profile.layers))
        return None if alone is None else agreement(reconciled.corrected_ms, alone)
