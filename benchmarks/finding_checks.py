"""Does what a finding says save what it says? Every check is a run that does it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from statistics import median

from example_networks import source
from graph_alone import enqueued_and_as_graph
from profiled import profiled

import trtcore
from trtcore.measure.processes.fresh import call_in_fresh_processes
from trtcore.report.content.facts.findings import finding_text
from trtcore.result.analysis.findings.finding import Finding, FindingKind
from trtcore.result.analysis.summary import summarise_series

BATCH = 4
_OPTIONS = ("--batch", str(BATCH), "--iterations", "200")
# Where the host is the slower side, processes lie far apart: GoogLeNet 0.77 to 1.26 ms on an H200.
_GRAPH_PROCESSES = 3
# What a user may have asked for in FP16 and could take back: its finding is checked by the run
# without it.
PLANTED = {
    "googlenet": (FindingKind.IO_REFORMAT, "--io-precision", "fp32"),
    "resnet50": (FindingKind.PINNED, "--keep-fp32", "/layer4*"),
    "vit_b_16": (FindingKind.PINNED, "--keep-fp32", "*/mlp/*"),
    "bert_base": (FindingKind.PINNED, "--keep-fp32", "*/intermediate/*"),
}


@dataclass(frozen=True)
class Check:
    """A finding, and what doing it saved.

    Attributes:
        network: its name, and its precision if that is not FP16.
        finding: what was claimed; None where nothing was, and doing it shows what it would be.
        text: the finding as the report has it.
        done: how it was done; ``""`` if no option does it.
        latency_ms: less of host latency; NaN if it was not done.
        gpu_ms: less time on the GPU, with the work enqueued ahead of it.
        reached_ms: what an iteration took then; NaN where only the difference is of interest.
    """

    network: str
    finding: Finding | None
    text: str
    done: str = ""
    latency_ms: float = nan
    gpu_ms: float = nan
    reached_ms: float = nan

    @property
    def saved_ms(self) -> float:
        """What the claim is about: time of layers on the GPU, or the whole latency."""
        is_of_layers = self.finding is not None and self.finding.layers
        return self.gpu_ms if is_of_layers else self.latency_ms


@dataclass
class Runs:
    """The runs of one network in one precision, each in a fresh process and made once."""

    network: str
    folder: Path
    precision: str = "fp16"
    made: dict[tuple[str, ...], trtcore.Analysis] = field(default_factory=dict)

    def run(self, *options: str) -> trtcore.Analysis:
        """The network with further options."""
        if options not in self.made:
            kept = ("--save-engine", str(self.plan)) if not options else ()
            every = ("--precision", self.precision, *_OPTIONS, *options, *kept)
            profile = profiled(self.folder, source(self.network, self.folder), *every)
            self.made[options] = trtcore.Analysis(profile)
        return self.made[options]

    @property
    def label(self) -> str:
        """What tables call it."""
        return label_of(self.network, self.precision)

    @property
    def plan(self) -> Path:
        """Where the plan of the run without further options is."""
        return self.folder / "kept.plan"


def label_of(network: str, precision: str) -> str:
    """What tables call a network in a precision."""
    return network if precision == "fp16" else f"{network} {precision}"


@contextmanager
def runs_of(network: str, precision: str = "fp16") -> Iterator[Runs]:
    """The runs of a network, which share a folder."""
    with tempfile.TemporaryDirectory() as folder:
        yield Runs(network, Path(folder), precision)


def checks_of(runs: Runs) -> Iterator[Check]:
    """Every finding of a network with what doing it saves, each as soon as it was done."""
    base = runs.run()
    found = {finding.kind: finding for finding in base.findings}
    yield _graph(runs, found.pop(FindingKind.CUDA_GRAPH, None))
    batch = found.pop(FindingKind.LARGER_BATCH, found.pop(FindingKind.WEIGHTS, None))
    yield _done(runs, batch, base, ("--batch", str(2 * BATCH)), part=0.5)
    if base.profile.build and base.profile.build.auxiliary_streams:
        yield _done(runs, found.pop(FindingKind.STREAMS, None), base, ("--serial",))
    for finding in found.values():
        yield _by_option(runs, finding, base)
    if runs.precision == "fp16":
        yield from _planted(runs)


def _graph(runs: Runs, finding: Finding | None) -> Check:
    calls = [{"plan": str(runs.plan)}] * _GRAPH_PROCESSES
    both = call_in_fresh_processes(enqueued_and_as_graph, calls)
    enqueued, graph = (median(times) for times in zip(*both, strict=True))
    done = (
        f"cudaGraphLaunch alone, median of {len(both)} processes of their own: "
        f"{enqueued:.4f} to {graph:.4f} ms"
    )
    text = _text(finding, runs.run())
    return Check(runs.label, finding, text, done, enqueued - graph, reached_ms=graph)


def _by_option(runs: Runs, finding: Finding, base: trtcore.Analysis) -> Check:
    if finding.kind is not FindingKind.IO_REFORMAT:
        return Check(runs.label, finding, _text(finding, base))
    option, value, _ = finding.names
    flag = {"io_precision": "--io-precision", "io_formats": "--io-format"}[option]
    return _done(runs, finding, base, (flag, value))


def _planted(runs: Runs) -> Iterator[Check]:
    kind, *options = PLANTED[runs.network]
    with_it = runs.run(*options)
    saved, done = _saved(with_it, runs.run()), f"without {' '.join(options)}"
    # Without a finding the saving still shows whether one was missed.
    found = [one for one in with_it.findings if one.kind is kind] or [None]
    for finding in found:
        yield Check(runs.label, finding, _text(finding, with_it), done, *saved)


def _done(
    runs: Runs,
    finding: Finding | None,
    base: trtcore.Analysis,
    options: tuple[str, ...],
    part: float = 1.0,
) -> Check:
    """A finding, and the run that does what it says; of that run a part does the same work."""
    saved = _saved(base, runs.run(*options), part)
    return Check(runs.label, finding, _text(finding, base), " ".join(options), *saved)


def _saved(
    before: trtcore.Analysis, after: trtcore.Analysis, part: float = 1.0
) -> tuple[float, float]:
    """What is saved of the latency and of the time on the GPU, in ms."""
    latency, gpu = (
        _median(before, series) - part * _median(after, series)
        for series in ("wall_ms", "gated_ms")
    )
    return latency, gpu


def _median(analysis: trtcore.Analysis, series: str) -> float:
    summary = summarise_series(analysis.profile.samples, series)
    return summary.median_ms if summary else nan


def latency_of(analysis: trtcore.Analysis) -> float:
    """Median host latency, in ms."""
    return _median(analysis, "wall_ms")


def _text(finding: Finding | None, analysis: trtcore.Analysis) -> str:
    return finding_text(finding, latency_of(analysis)) if finding else "no finding"
