"""Conditions that fail a build, such as ``layer > 10%``: their grammar, and which rows break them.

::

    condition := subject [pattern] (">" | ">=") number ("%" | "ms")
    subject   := "total" | "gated" | "layer" | "p90" | "p95" | "p99"
    pattern   := for "layer" only: names of nodes, with * and ?, such as inception_3a/*
    number    := digits ["." digits]

A condition is about an increase: ``total > 3%`` is broken where new is more than 3 % above base.
A difference that may be noise breaks none; without samples the figures alone decide. A condition
that matches no comparable row is an error, so that it cannot pass for one that holds. An
inconclusive row counts only where what it can hide is within the limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import isfinite, isnan

from trtcore.compare.comparison import ELIMINATED, GATED_TIME, VANISHED, Change, Comparison
from trtcore.compare.ratios import interval_text, ratio_text
from trtcore.compare.significance.tails import compare_tails
from trtcore.errors import OptionError

SUBJECTS = ("total", "gated", "layer", "p90", "p95", "p99")

# Every pattern has one group, and skips the blanks before it; `_take` matches them one by one.
_SUBJECT = re.compile(r"\s*([A-Za-z]\w*)")
_PATTERN = re.compile(r"\s*([^\s<>=].*?)?(?=\s*(?:[<>=]|$))")
_OPERATOR = re.compile(r"\s*(>=|>)")
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)")
_UNIT = re.compile(r"\s*(%|ms\b)")
_END = re.compile(r"\s*()$")


@dataclass(frozen=True)
class Limit:
    """A condition that a comparison must not fulfil.

    Attributes:
        text: as it was written.
        subject: one of `SUBJECTS`.
        pattern: which nodes' rows; ``*`` for all.
        operator: ``>`` or ``>=``.
        limit: the increase, in ``unit``.
        unit: ``%`` or ``ms``.
    """

    text: str
    subject: str
    pattern: str
    operator: str
    limit: float
    unit: str

    def can_judge(self, row: Change) -> bool:
        """Whether a row is comparable: it is timed, and its layers are mapped well enough."""
        return self.is_timed(row) and (row.is_conclusive or row.unmapped_ms <= self.limit_ms(row))

    def is_timed(self, row: Change) -> bool:
        """Whether a row has a time in new, and in base too unless the limit is in ms."""
        is_gone = row.kind in {ELIMINATED, VANISHED}
        has_times = isfinite(row.base_ms) and isfinite(row.new_ms) and not is_gone
        return has_times and (self.unit == "ms" or row.base_ms > 0)

    def limit_ms(self, row: Change) -> float:
        """The increase that a row may have, in ms."""
        return self.limit if self.unit == "ms" else row.base_ms * self.limit / 100

    def is_broken_by(self, row: Change) -> bool:
        """Whether a row increased beyond the limit, and not by chance."""
        # None, which is no noise known, counts: without samples the figures alone decide.
        return not row.is_noise and self._is_beyond(row)

    def is_doubted_by(self, row: Change) -> bool:
        """Whether a row looks increased beyond the limit, by its interval too, but may be chance.

        The interval is of medians, which an outlying stretch of a run does not move; the test that
        rules chance out looks at the whole run, and at all rows together.
        """
        return bool(row.is_noise) and row.interval[0] > 1 and self._is_beyond(row)

    def _is_beyond(self, row: Change) -> bool:
        in_ms = self.unit == "ms"
        increase = row.judged_difference_ms if in_ms else (row.judged_ratio - 1) * 100
        return increase > self.limit or (self.operator == ">=" and increase == self.limit)


@dataclass(frozen=True)
class Broken:
    """A row that breaks a condition, or might.

    Attributes:
        condition: which one.
        row: what increased.
        is_sure: whether chance is ruled out.
    """

    condition: Limit
    row: Change
    is_sure: bool = True

    def __str__(self) -> str:
        """What changed, from what to what, and how sure that is."""
        row = self.row
        share = "" if isnan(row.ratio) else f", {row.ratio - 1:+.1%}"
        sure = (
            "noise unknown"
            if isnan(row.interval[0])
            else f"95 % interval {interval_text(row.interval)}"
        )
        rest = (
            ""
            if isnan(row.relative_ratio)
            else f"; {ratio_text(row.relative_ratio)}x relative to all other layers"
        )
        verdict = (
            f"breaks '{self.condition.text}'"
            if self.is_sure
            else f"is beyond '{self.condition.text}' but may be chance, so it breaks nothing: "
            "measure both for longer"
        )
        return (
            f"{row.name}: {row.base_ms:.4f} -> {row.new_ms:.4f} ms "
            f"({row.difference_ms:+.4f} ms{share}; {sure}{rest}) {verdict}"
        )


@dataclass(frozen=True)
class LimitVerdict:
    """What became of the conditions that a comparison must not fulfil.

    Attributes:
        conditions: all of them.
        broken: every row that breaks one.
        doubtful: every row that looks as if it did, but may be chance.
    """

    conditions: tuple[Limit, ...]
    broken: tuple[Broken, ...] = ()
    doubtful: tuple[Broken, ...] = ()


def parse_limit(text: str) -> Limit:
    """Reads a condition.

    Raises:
        OptionError: not a condition; the position, counted from 1, where it stops being one.
    """
    subject, at = _take(_SUBJECT, text, 0, f"one of {', '.join(SUBJECTS)}")
    if subject not in SUBJECTS:
        raise _error(text, text.index(subject), f"one of {', '.join(SUBJECTS)}")
    pattern = ""
    if subject == "layer":
        pattern, at = _take(_PATTERN, text, at, "a name or '>'")
    operator, at = _take(_OPERATOR, text, at, "'>' or '>='")
    limit, at = _take(_NUMBER, text, at, "a number such as 3 or 0.5")
    unit, at = _take(_UNIT, text, at, "'%' or 'ms'")
    _take(_END, text, at, "nothing more")
    return Limit(text, subject, pattern or "*", operator, float(limit), unit)


def broken_conditions(comparison: Comparison, conditions: tuple[Limit, ...]) -> tuple[Broken, ...]:
    """Returns every row that breaks a condition, by condition; empty if all hold.

    A layer that only new has increased from nothing, which only a limit in ms can judge.

    Raises:
        OptionError: a condition that matches no comparable row, a gated time that not both have,
            or a percentile that the samples are too few for.
    """
    return tuple(
        Broken(condition, row)
        for condition in conditions
        for row in _judged(comparison, condition)
        if condition.is_broken_by(row)
    )


def judge(comparison: Comparison, conditions: tuple[Limit, ...]) -> LimitVerdict:
    """Returns what becomes of conditions; a row that may be chance breaks none, but is named.

    Raises:
        OptionError: as for `broken_conditions`.
    """
    doubtful = tuple(
        Broken(condition, row, is_sure=False)
        for condition in conditions
        for row in _judged(comparison, condition)
        if condition.is_doubted_by(row)
    )
    return LimitVerdict(conditions, broken_conditions(comparison, conditions), doubtful)


def _judged(comparison: Comparison, condition: Limit) -> tuple[Change, ...]:
    rows = _subjects(comparison, condition)
    judged = tuple(row for row in rows if condition.can_judge(row))
    if not judged:
        timed = [row for row in rows if condition.is_timed(row)]
        reason = _why_inconclusive(timed) if timed else _why_nothing(rows, comparison.rows)
        raise OptionError(f"condition '{condition.text}' matches no comparable row: {reason}")
    return judged


def _why_inconclusive(rows: list[Change]) -> str:
    most = max(row.unmapped_ms for row in rows)
    which = f"'{rows[0].name}'" if len(rows) == 1 else f"any of its {len(rows)} rows"
    return (
        f"unmapped layers can explain or hide {most:.4f} ms in {which}; build both "
        "engines with profiling verbosity DETAILED"
    )


def _why_nothing(rows: tuple[Change, ...], all_rows: tuple[Change, ...]) -> str:
    if len(rows) == 1:
        return f"'{rows[0].name}' is not timed on both sides"
    if rows:
        return f"none of its {len(rows)} rows is timed on both sides"
    if not all_rows:
        return "no layer is mapped to a model node"
    return (
        f"none of the {len(all_rows)} rows has a node of that name; the first is "
        f"'{all_rows[0].name}'"
    )


def _subjects(comparison: Comparison, condition: Limit) -> tuple[Change, ...]:
    if condition.subject == "total":
        return (comparison.total,)
    if condition.subject == "gated":
        return (_gated(comparison),)
    if condition.subject != "layer":
        percent = int(condition.subject.removeprefix("p"))
        return (compare_tails(comparison.base.samples, comparison.new.samples, percent),)
    return tuple(row for row in comparison.rows if _matches(row, condition.pattern))


def _gated(comparison: Comparison) -> Change:
    if comparison.gated is None:
        raise OptionError(
            f"not both sides have the {GATED_TIME}: TensorRT has it with a GPU, other backends and "
            "tools do not; use 'total'"
        )
    return comparison.gated


def _matches(row: Change, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in (*row.nodes, row.name))


def _take(pattern: re.Pattern[str], text: str, at: int, expected: str) -> tuple[str, int]:
    match = pattern.match(text, at)
    if not match:
        raise _error(text, at, expected)
    return match[1] or "", match.end()


def _error(text: str, at: int, expected: str) -> OptionError:
    rest = text[at:]
    # Where the unexpected text begins, not the blanks before it.
    place = at + len(rest) - len(rest.lstrip()) + 1
    found = f"'{rest.strip()}'" if rest.strip() else "its end"
    return OptionError(f"'{text}': expected {expected} at position {place}, found {found}")
