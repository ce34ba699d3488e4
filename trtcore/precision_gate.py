"""Whether a profile has the precision that was asked for, and its outputs the accuracy."""

from __future__ import annotations

from trtcore.accuracy import check_tolerance
from trtcore.errors import PrecisionNotMetError
from trtcore.precision_check import require_met
from trtcore.result import Profile


def require_precision(profile: Profile, tolerance: float | None = None) -> None:
    """Does nothing if the engine is what was asked for and every output near enough.

    Args:
        profile: with or without an engine, with or without its accuracy.
        tolerance: the largest relative L2 error of an output; None accepts any.

    Raises:
        PrecisionNotMetError: says what is wrong; its ``result`` is the profile.
        OptionError: the tolerance is negative or NaN.
    """
    try:
        if profile.build is not None:
            require_met(profile.build)
        if profile.accuracy is not None and tolerance is not None:
            check_tolerance(profile.accuracy.outputs, tolerance)
    except PrecisionNotMetError as error:
        error.result = profile
        raise
