"""When to stop measuring: the interval of the batch medians is narrow enough, or time is up.

Medians of batches of iterations are compared instead of iterations, because these are
autocorrelated: what looks like many samples can be few. Pure: the caller brings samples and elapsed
time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isnan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.errors import OptionError, argument
from trtcore.result.records.counts import Stop, StopReason
from trtcore.stats.arrays import Floats
from trtcore.stats.batches import BatchMedians, Reservoir, batch_size
from trtcore.stats.intervals import longest_layers
from trtcore.stats.series import (
    LEAST_SHARE,
    OUTER_FENCE,
    beyond_quartiles,
    estimate,
    estimate_columns,
    find_modes,
    find_rise,
)

# With fewer the order-statistic interval of the median is wider than most effects worth finding.
_LEAST_BATCHES = 32
# Half of the share that makes a mode in a report: in a short run the rarer mode may be rarer still.
_LEAST_SHARE = LEAST_SHARE / 2


@dataclass(frozen=True)
class StopRule:
    """How precise a run has to be, and how long it may take.

    Attributes:
        target: half-width of the total's 95 % interval, as a fraction of the total.
        layer_floor_ms: a layer this precise is precise enough, however short it is.
        layer_share: the longest layers that hold this fraction of the time are checked; to each of
            them twice the target applies.
        least_s: measure at least this long.
        at_most_s: stop after this long in any case.
    """

    target: float = 0.005  # as nvbench: 0.5 % of noise
    layer_floor_ms: float = 0.00025  # half of the 0.5 us that CUDA events resolve
    layer_share: float = 0.9  # the rest is short layers; only their sum matters
    least_s: float = 0.5  # as nvbench and google/benchmark: shorter runs miss clock changes
    at_most_s: float = 15.0  # as long as a user waits

    @property
    def layer_target(self) -> tuple[float, float]:
        """The half-width allowed to a layer: a fraction of its time, or these ms if more."""
        return 2 * self.target, self.layer_floor_ms

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            name = argument("precision_target")
            raise OptionError(f"{name} is {self.target}, expected a fraction between 0 and 1")
        if not 0 < self.at_most_s < inf:
            raise OptionError(
                f"{argument('max_seconds')} is {self.at_most_s}, expected a finite time above 0"
            )


_DEFAULT = StopRule()


@dataclass(frozen=True)
class Estimate:
    """A median and the half-width of its interval.

    Attributes:
        layer: its number; -1 for the total.
        median_ms: median of its batch medians; NaN if there are none.
        half_width_ms: of its 95 % interval; NaN with too few batches.
    """

    layer: int
    median_ms: float = float("nan")
    half_width_ms: float = float("nan")

    @property
    def share(self) -> float:
        """The half-width as a fraction of the median; NaN if either is not known."""
        return self.half_width_ms / self.median_ms if self.median_ms else float("nan")

    def excess(self, target: float, floor_ms: float) -> float:
        """Returns the half-width over the allowed one: more than 1 is too wide, or not known.

        A median below zero, or of 0 without a floor, is no valid duration and counts as not known.
        """
        allowed = max(target * self.median_ms, floor_ms)
        if isnan(self.half_width_ms) or self.median_ms < 0 or allowed <= 0:
            return inf
        return self.half_width_ms / allowed

    def obstacle(
        self, target: float, floor_ms: float = 0.0, names: Sequence[str] = ()
    ) -> Stop | None:
        """Returns what keeps the run from stopping; None if nothing does.

        Args:
            target: the half-width allowed, as a fraction of the median.
            floor_ms: a half-width that is always allowed.
            names: of the layers, for the message; their positions without them.
        """
        if self.excess(target, floor_ms) <= 1:
            return None
        layer, which = self._called(names)
        if isnan(self.half_width_ms):
            return Stop(StopReason.NOT_A_NUMBER, layer=layer, which=which)
        if self.median_ms <= 0:
            figures: tuple[float, ...] = (self.median_ms,)
            return Stop(StopReason.NOT_POSITIVE, layer=layer, which=which, figures=figures)
        figures = (self.share, max(target, floor_ms / self.median_ms))
        return Stop(StopReason.TOO_WIDE, layer=layer, which=which, figures=figures)

    def _called(self, names: Sequence[str]) -> tuple[str, int]:
        """The layer's name, and which one of that name it is if there are several."""
        if self.layer < 0:
            return "", 0
        if not names:
            return str(self.layer), 0
        name = names[self.layer]
        return name, names[: self.layer + 1].count(name) if names.count(name) > 1 else 0


@dataclass(frozen=True)
class StopDecision:
    """Whether to stop, and how precise the figures are.

    Attributes:
        is_over: stop now.
        is_converged: the requested precision is reached.
        total: the un-profiled time.
        worst: the layer furthest from its target; None if no layers were given.
        stop: why to stop, or what prevents it.
    """

    is_over: bool
    is_converged: bool
    total: Estimate
    worst: Estimate | None
    stop: Stop


class Convergence:
    """Takes the samples of a run, some at a time, and says when it may stop.

    Memory and the time of a decision stay the same however long the run is: see `BatchMedians` and
    `Reservoir`.

    Args:
        rule: the requested precision and time limits.
        iteration_ms: about how long an iteration takes; slow ones make smaller batches.
        names: of the layers, for messages; their positions without them.
    """

    def __init__(
        self, rule: StopRule = _DEFAULT, iteration_ms: float = 0.0, names: Sequence[str] = ()
    ) -> None:
        size = batch_size_for(iteration_ms, rule)
        self._rule, self._names = rule, names
        self._total, self._layers = BatchMedians(size), BatchMedians(size)
        self._samples = Reservoir()

    def add_total(self, span_ms: ArrayLike) -> None:
        """Adds (n,) un-profiled times."""
        self._samples.add(span_ms)
        self._total.add(span_ms)

    def add_layers(self, layer_ms: ArrayLike) -> None:
        """Adds (n, L) layer times."""
        self._layers.add(layer_ms)

    def decision(self, elapsed_s: float) -> StopDecision:
        """Says whether the run may stop after this time."""
        modes_ms = find_modes(self._samples.samples, self._rule.target, _LEAST_SHARE)
        medians = self._total.medians, self._layers.medians
        return decide(*medians, elapsed_s, self._rule, modes_ms, self._names)


def batch_size_for(iteration_ms: float, rule: StopRule = _DEFAULT) -> int:
    """Returns how many iterations to a batch: 32, or fewer where those would outlast the run."""
    # A third of the limit, as the passes of a round share the time.
    in_a_third = rule.at_most_s * 1000 / 3 / max(iteration_ms, 1e-6)
    return batch_size(int(in_a_third), _LEAST_BATCHES)


def decide(
    total: ArrayLike,
    layers: ArrayLike,
    elapsed_s: float,
    rule: StopRule = _DEFAULT,
    modes_ms: tuple[float, ...] = (),
    names: Sequence[str] = (),
) -> StopDecision:
    """Says whether a run may stop.

    Args:
        total: (B,) batch medians of the un-profiled time, in ms.
        layers: (C, L) batch medians of the layer times, in ms; empty to look at the total only.
        elapsed_s: time spent measuring so far.
        rule: the requested precision and time limits.
        modes_ms: the values that the un-profiled time jumps between, see `find_modes`. A median
            between two modes is not representative, however narrow its interval.
        names: L names of the layers, for messages; their positions without them.
    """
    totals = np.asarray(total, dtype=np.float64)
    by_layer = np.asarray(layers, dtype=np.float64)
    whole = Estimate(-1, *estimate(totals)) if totals.size else Estimate(-1)
    worst = _worst_layer(by_layer, rule)
    # The first that holds is reported, so what makes the later ones meaningless comes first.
    obstacle = (
        _too_early(totals, by_layer, elapsed_s, rule)
        or whole.obstacle(rule.target)
        or _jumps(modes_ms)
        or _strays(totals, rule.target)
        or _drifts(totals, rule.target)
        or (worst.obstacle(*rule.layer_target, names) if worst else None)
    )
    stop = obstacle or Stop(StopReason.CONVERGED, figures=(whole.share,))
    return StopDecision(
        is_over=not obstacle or elapsed_s >= rule.at_most_s,
        is_converged=not obstacle,
        total=whole,
        worst=worst,
        stop=replace(stop, seconds=elapsed_s),
    )


def _worst_layer(layers: Floats, rule: StopRule) -> Estimate | None:
    """Returns the layer furthest from its target among those that hold most of the time."""
    if layers.size == 0:
        return None
    medians_ms, half_widths_ms = estimate_columns(layers)
    # A NaN would sort to the end and never be checked, so such layers are the only ones checked.
    unknown = np.flatnonzero(np.isnan(medians_ms))
    checked = [
        Estimate(int(i), float(medians_ms[i]), float(half_widths_ms[i]))
        for i in (unknown if unknown.size else longest_layers(medians_ms, rule.layer_share))
    ]
    return max(checked, key=lambda layer: layer.excess(*rule.layer_target), default=None)


def _too_early(totals: Floats, layers: Floats, elapsed_s: float, rule: StopRule) -> Stop | None:
    batches = min(len(totals), len(layers) if layers.size else len(totals))
    if batches < _LEAST_BATCHES:
        return Stop(StopReason.TOO_FEW_BATCHES, figures=(batches, _LEAST_BATCHES))
    if elapsed_s < rule.least_s:
        return Stop(StopReason.TOO_SHORT, figures=(rule.least_s,))
    return None


def _jumps(modes_ms: tuple[float, ...]) -> Stop | None:
    return Stop(StopReason.JUMPS, figures=modes_ms) if modes_ms else None


def _strays(totals: Floats, target: float) -> Stop | None:
    """Returns the obstacle if the total differs for whole batches now and then.

    Batches at the very beginning do not count: a run may start slowly. One that leaves its level
    later and comes back has not run long enough to say how often it will.
    """
    astray = _are_astray(totals, target)
    count = int(astray[np.argmin(astray) :].sum())
    if count <= _LEAST_SHARE * totals.size:
        return None
    return Stop(StopReason.STRAYS, figures=(count, totals.size))


def _drifts(totals: Floats, target: float) -> Stop | None:
    """Returns the obstacle if the total rises or falls over the run, a slow beginning left out.

    Half of the target is accepted: the median then lies within a quarter of it from where the run
    ended. A slower drift cannot be told from noise so soon, nor where it would end.
    """
    settled = totals[np.argmin(_are_astray(totals, target)) :]
    change = find_rise(settled) / float(np.median(totals))
    if abs(change) <= target / 2:
        return None
    return Stop(StopReason.DRIFTS, figures=(change,))


def _are_astray(totals: Floats, target: float) -> NDArray[np.bool_]:
    """Which lie beyond the outer fences, and further from the quartiles than the target."""
    # Without the target, a run of almost equal times would call differences of a nanosecond astray.
    beyond, distance = beyond_quartiles(totals)
    reach = max(OUTER_FENCE * distance, target * float(np.median(totals)))
    astray: NDArray[np.bool_] = beyond > reach
    return astray
