"""Checks that a profile has the requested precision, and its outputs the required accuracy."""

from __future__ import annotations

from collections.abc import Sequence

from trtcore.errors import NotJudgedError, OptionError, PrecisionNotMetError, argument, few
from trtcore.result.records.accuracy import NotCompared, Obstacle, OutputAccuracy
from trtcore.result.records.build import PrecisionCheck, PrecisionVerdict
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind

_NAMES_SHOWN = 4  # an error is one line; the report lists all


def require_precision(profile: Profile, tolerance: float | None = None) -> None:
    """Raises if the engine lacks the requested precision or an output exceeds the tolerance.

    Args:
        profile: with or without an engine, with or without its accuracy.
        tolerance: the largest relative L2 error of an output; None accepts any.

    Raises:
        PrecisionNotMetError: names what is wrong; its ``result`` is the profile.
        NotJudgedError: nothing is wrong, but an output cannot be judged; with the same ``result``.
        OptionError: the tolerance is negative or NaN.
    """
    try:
        if profile.build is not None and profile.build.precision is not None:
            require_met(profile.build.precision)
        if tolerance is not None:
            _check_accuracy(profile, tolerance)
    except (PrecisionNotMetError, NotJudgedError) as error:
        error.result = profile
        raise


def _check_accuracy(profile: Profile, tolerance: float) -> None:
    accuracy = profile.accuracy
    if accuracy is None:
        if any(one.kind is WarningKind.NO_REFERENCE for one in profile.warnings):
            raise NotJudgedError(
                f"tolerance {tolerance:g} cannot be checked: the outputs were not compared"
            )
        return
    left_out = [one for one in accuracy.not_compared if one.obstacle is not Obstacle.RANDOM]
    drawn = [one for one in accuracy.not_compared if one.obstacle is Obstacle.RANDOM]
    empty = _none_wrong(accuracy.outputs, tolerance)
    # What is plainly wrong first, then what should have been compared.
    if left_out:
        raise PrecisionNotMetError(
            f"tolerance {tolerance:g} cannot be checked for output {_names(left_out)}: it was not "
            "compared, the report says why"
        )
    if empty:
        raise empty
    if drawn:
        raise NotJudgedError(
            f"tolerance {tolerance:g} cannot be checked for output {_names(drawn)}: it depends on "
            "random numbers, which are others in every run"
        )


def _names(outputs: Sequence[NotCompared]) -> str:
    return few(output.name for output in outputs)


def require_met(check: PrecisionCheck) -> None:
    """Raises PrecisionNotMetError if the engine certainly lacks the requested precision.

    Raises:
        PrecisionNotMetError: names the layers of another type.
    """
    # An opaque engine passes: without data types there is no proof that it lacks anything.
    if check.verdict is not PrecisionVerdict.NOT_MET:
        return
    details = check.note or layer_counts(check) + _others(check)
    raise PrecisionNotMetError(f"the engine does not have the requested precision: {details}")


def layer_counts(check: PrecisionCheck) -> str:
    """Returns such as ``requested fp16: 76 of 80 layers Half, 4 Float``, the requested type first.

    Errors and reports both begin with it.
    """
    first = check.main_dtype
    others = "".join(f", {n} {dtype}" for dtype, n in check.dtypes.items() if dtype != first)
    return f"{subject(check)}{check.dtypes.get(first, 0)} of {check.layers} layers {first}{others}"


def subject(check: PrecisionCheck) -> str:
    """Returns what a check is about: ``requested fp16: ``, or ``engine: `` if none was."""
    return f"requested {check.asked}: " if check.asked else "engine: "


def _others(check: PrecisionCheck) -> str:
    names = dict.fromkeys(
        name
        for row in check.fallbacks
        for name in row.nodes or (row.layer,)
        if not row.is_requested
    )
    return f" ({few(names, _NAMES_SHOWN)})" if names else ""


def check_tolerance(accuracies: Sequence[OutputAccuracy], tolerance: float) -> None:
    """Raises unless the error of every output is within the tolerance.

    Args:
        accuracies: of all outputs.
        tolerance: the largest relative L2 error that is accepted.

    Raises:
        PrecisionNotMetError: an output is further off, has NaN or infinite values, or cannot be
            compared because those of FP32 are.
        NotJudgedError: none of that, but FP32 leaves nothing to compare an output with.
        OptionError: the tolerance is negative or NaN.
    """
    # An output that is plainly wrong matters more than one that is empty.
    if empty := _none_wrong(accuracies, tolerance):
        raise empty


def _none_wrong(accuracies: Sequence[OutputAccuracy], tolerance: float) -> NotJudgedError | None:
    """Raises what is wrong with an output; returns what is to be said of those that are empty."""
    check_limit(tolerance)
    for accuracy in accuracies:
        _check_output(accuracy, tolerance)
    empty = [accuracy.name for accuracy in accuracies if accuracy.is_empty]
    if not empty:
        return None
    return NotJudgedError(
        f"tolerance {tolerance:g} cannot be checked for output {few(empty)}: in FP32 it is "
        "zero, or too small for the type; give trained weights or another input"
    )


def _check_output(accuracy: OutputAccuracy, tolerance: float) -> None:
    bad = accuracy.nan_count + accuracy.inf_count
    if bad:
        where = f", first in node '{accuracy.first_bad_node}'"
        raise PrecisionNotMetError(
            f"output '{accuracy.name}' has {bad} NaN or infinite values that FP32 does not have"
            f"{where if accuracy.first_bad_node else ''}"
        )
    if accuracy.uncompared:
        raise PrecisionNotMetError(
            f"output '{accuracy.name}' has {accuracy.uncompared} values that are NaN or "
            "infinite in FP32 too, so they cannot be compared: give other values "
            f"with {argument('inputs')}"
        )
    if accuracy.relative_l2 > tolerance:
        raise PrecisionNotMetError(
            f"output '{accuracy.name}' is {accuracy.relative_l2:.3g} (relative L2) from FP32,"
            f" more than the tolerance of {tolerance:g}"
        )


def check_limit(tolerance: float) -> None:
    """Raises OptionError unless the tolerance is 0 (the same values) or more.

    Raises:
        OptionError: it is negative or NaN.
    """
    if not tolerance >= 0:  # NaN is refused too, as it compares False
        raise OptionError(f"{argument('tolerance')} is {tolerance}, must be 0 or more")
