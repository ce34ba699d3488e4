"""Pages of networks, for the browser."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from networks import measured

from trtcore.report.html.page import render_html
from trtcore.result.records.profile import Profile


@cache
def page(name: str) -> str:
    return render_html(measured(name), names=(name,))


def slower(profile: Profile) -> Profile:
    """The same with layers 5 to 8 taking 40 % longer."""
    factors = np.ones(len(profile.layers), np.float32)
    factors[5:9] = 1.4
    samples = replace(profile.samples, layer_ms=profile.samples.layer_ms * factors)
    return replace(profile, samples=samples)


def two() -> str:
    vit = measured("vit_b_16")
    return render_html([vit, slower(vit)], names=("a", "b"))
