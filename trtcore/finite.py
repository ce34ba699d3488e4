"""Whether a profile has times that can be compared at all."""

from __future__ import annotations

import numpy as np

from trtcore.errors import ResultError
from trtcore.result import Profile


def check_times(profile: Profile, source: str) -> None:
    """Does nothing if every time of a profile is a number.

    Args:
        profile: the profile.
        source: names it in the error message.

    Raises:
        ResultError: nothing was measured, or a time is NaN or infinite.
    """
    samples = profile.samples
    if samples.layer_ms.size == 0:
        raise ResultError(f"{source}: the profile has no times to compare")
    bad = np.flatnonzero(~np.isfinite(samples.layer_ms).all(axis=0))
    if bad.size:
        layer = profile.layers[bad[0]].name
        raise ResultError(f"{source}: layer '{layer}' has a time that is not a number")
    for name in ("gpu_ms", "wall_ms"):
        if not np.isfinite(getattr(samples, name)).all():
            raise ResultError(f"{source}: {name} has a time that is not a number")
