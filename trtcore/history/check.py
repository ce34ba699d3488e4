"""Checks a saved result against earlier runs of the same model and options."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trtcore.errors import OptionError, ResultError, argument
from trtcore.history.judged import Judged, Verdict
from trtcore.history.records import Run
from trtcore.history.rows import Entry
from trtcore.history.store import earlier_runs, groups_of
from trtcore.history.verdict import FEWEST_RUNS, SAME_WITHIN, judge_run
from trtcore.system.whole_numbers import whole_number

_LABEL_RUNS = 10
"""How many of the latest runs of a label count: older ones may have had another level."""
# A GPU's clock moves in steps of 15 MHz, about 1 % of 1.5 GHz: more is another clock.
_SAME_CLOCK = 0.02


@dataclass(frozen=True)
class Against:
    """Which earlier runs are meant: the latest ``most``, of a label if it is not empty."""

    label: str
    most: int


@dataclass(frozen=True)
class Checked:
    """A run against earlier ones.

    Attributes:
        new: the run.
        bases: the earlier ones, the latest first.
        rows: the total, then groups.
        notes: what limits the verdict.
    """

    new: Run
    bases: tuple[Entry, ...]
    rows: tuple[Judged, ...]
    notes: tuple[str, ...]

    @property
    def is_slower(self) -> bool:
        """Whether the total or any group is slower."""
        return any(row.verdict is Verdict.SLOWER for row in self.rows)


def parse_against(text: str) -> Against:
    """Reads ``last:5`` or ``label:main``.

    Raises:
        OptionError: neither.
    """
    kind, _, value = text.partition(":")
    if kind == "label" and value:
        return Against(value, _LABEL_RUNS)
    runs = whole_number(value)
    if kind == "last" and runs is not None and runs >= FEWEST_RUNS:
        return Against("", runs)
    raise OptionError(
        f"{argument('against', text)}: must be last:N, with N of {FEWEST_RUNS} or more, or "
        "label:NAME"
    )


def check(
    connection: sqlite3.Connection,
    new: Run,
    against: Against,
    *,
    any_place: bool = False,
    margin: float = SAME_WITHIN,
) -> Checked:
    """Judges a run; it need not be in the database.

    Args:
        connection: of the database.
        new: the run.
        against: which earlier runs.
        any_place: compare with runs in other environments too, and say so.
        margin: how large a change "same" has to exclude, as a part of the time.

    Raises:
        ResultError: there is no earlier run to compare with.
    """
    bases = earlier_runs(
        connection, new, label=against.label, most=against.most, any_place=any_place
    )
    if not bases:
        raise ResultError(_nothing_there(connection, new, against))
    runs = [replace(base.run, groups=groups_of(connection, base.number)) for base in bases]
    rows = judge_run(new, runs, margin=margin)
    return Checked(new, tuple(bases), tuple(rows), tuple(_notes(new, runs)))


def _nothing_there(connection: sqlite3.Connection, new: Run, against: Against) -> str:
    labelled = f" labelled '{against.label}'" if against.label else ""
    text = f"{new.file}: no earlier run{labelled} of {new.setup.words()}, with these shapes"
    others = earlier_runs(connection, new, label=against.label, most=1, any_place=True)
    if not others:
        return f"{text}, is in the history"
    return (
        f"{text}, was in this environment; the latest one differs in: "
        f"{new.place.differences(others[0].run.place)}; {argument('any_environment', True)} "
        "compares all the same"
    )


def _notes(new: Run, bases: Sequence[Run]) -> list[str]:
    notes = []
    if len(bases) < FEWEST_RUNS:
        notes.append(
            f"{len(bases)} earlier runs: at least {FEWEST_RUNS} are needed to know their spread"
        )
    others = {base.place for base in bases} - {new.place}
    notes += [f"other environment: {new.place.differences(place)}" for place in others]
    engines = {base.engine_hash for base in bases}
    if engines != {new.engine_hash}:
        notes.append("not all of these runs had an engine of the same layers and tactics")
    known = {one.weights_hash for one in (new, *bases)} - {""}
    if len(known) > 1:
        notes.append("not all of these runs had the same weights")
    highest = [base.sm_mhz[1] for base in bases if base.sm_mhz[1]]
    usual = sorted(highest)[len(highest) // 2] if highest else 0
    if usual and new.sm_mhz[1] and abs(new.sm_mhz[1] / usual - 1) > _SAME_CLOCK:
        notes.append(f"the SM clock reached {new.sm_mhz[1]} MHz, in the earlier runs {usual} MHz")
    if new.throttled:
        notes.append(f"the GPU throttled in {new.throttled} rounds of this run")
    return notes
