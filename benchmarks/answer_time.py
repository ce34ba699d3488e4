"""How long whole runs of trtcore took, by phase, in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from trtcore.result.phases import Phase, PhaseTime

COLD_S, WARM_S = 15.0, 6.0
"""The goals: cold beside TensorRT's own just-in-time compilation, and warm."""

OUTSIDE = "outside of the call"
"""Python's start, the command line, printing and saving."""


@dataclass(frozen=True)
class Run:
    """One run in a process of its own.

    Attributes:
        network: its name.
        number: 0 with empty caches, then 1, 2 and so on with those that the runs before it left.
        seconds: of the whole process.
        phases: of the call, as its result has them.
    """

    network: str
    number: int
    seconds: float
    phases: Sequence[PhaseTime]

    @property
    def is_cold(self) -> bool:
        """Whether all caches were empty."""
        return self.number == 0

    @property
    def name(self) -> str:
        """As a column is headed."""
        return f"{self.network}, {'cold' if self.is_cold else f'warm {self.number}'}"

    @property
    def by_phase(self) -> dict[str, float]:
        """Seconds by phase, and what no phase has."""
        named = {one.phase.value: one.seconds for one in self.phases}
        return {**named, OUTSIDE: self.seconds - sum(named.values())}


def own_seconds(cold: Run, warm: Sequence[Run]) -> float:
    """Of a cold run, the time less that of TensorRT's just-in-time compilation.

    That is the time of its contexts less that of warm runs', which compile nothing.
    """
    contexts = Phase.CONTEXTS.value
    usual = median(run.by_phase.get(contexts, 0.0) for run in warm)
    return cold.seconds - max(cold.by_phase.get(contexts, 0.0) - usual, 0.0)


def pairs(runs: Sequence[Run]) -> dict[str, tuple[Run, tuple[Run, ...]]]:
    """The cold run and the warm ones of each network that has both."""
    cold = {run.network: run for run in runs if run.is_cold}
    warm = {name: tuple(r for r in runs if r.network == name and not r.is_cold) for name in cold}
    return {name: (cold[name], warm[name]) for name in cold if warm[name]}


def figures(runs: Sequence[Run]) -> dict[str, float]:
    """Every time by name, and those that goals are set for."""
    found = {
        f"{run.name}: {phase}, s": seconds
        for run in runs
        for phase, seconds in run.by_phase.items()
    }
    found |= {f"{run.name}, s": run.seconds for run in runs}
    for name, (cold, warm) in pairs(runs).items():
        found[f"{name}, cold beside just-in-time compilation, s"] = own_seconds(cold, warm)
        found[f"{name}, warm, s"] = median(run.seconds for run in warm)
    return found


def table(runs: Sequence[Run]) -> str:
    """A row for each phase and a column for each run, in seconds; then the sums."""
    order = [*(phase.value for phase in Phase), OUTSIDE]
    columns = [run.by_phase for run in runs]
    rows = [
        _row(phase, [column.get(phase) for column in columns])
        for phase in order
        if any(phase in column for column in columns)
    ]
    own = {cold.name: own_seconds(cold, warm) for cold, warm in pairs(runs).values()}
    return "\n".join(
        (
            f"| seconds | {' | '.join(run.name for run in runs)} |",
            "|---|" + "---:|" * len(runs),
            *rows,
            _row("**all**", [run.seconds for run in runs]),
            _row("beside just-in-time compilation", [own.get(run.name) for run in runs]),
        )
    )


def _row(name: str, seconds: Sequence[float | None]) -> str:
    return f"| {name} | {' | '.join('-' if s is None else f'{s:.2f}' for s in seconds)} |"


def goals(networks: Mapping[str, str]) -> dict[str, tuple[str, float]]:
    """By label, the figure and its limit: those of GoogLeNet, for which goals are set."""
    name = next(iter(networks))
    return {
        f"{name}, cold, beside TensorRT's just-in-time compilation, s": (
            f"{name}, cold beside just-in-time compilation, s",
            COLD_S,
        ),
        f"{name}, warm, s": (f"{name}, warm, s", WARM_S),
    }
