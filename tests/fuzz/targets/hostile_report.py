"""Every form of a report, of saved results with hostile values in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fuzz.edits import Bytes, edit
from fuzz.trying import refusing
from hand_made_kernels import bridged_profile, kernel_pass

from trtcore.report.formats import FORMATS
from trtcore.report.html import page
from trtcore.result.checks import check_times
from trtcore.result.records.profile import Profile
from trtcore.result.saved import dump_profile, parse_profile
from trtcore.stats.histogram import fold

SAVED = Path(__file__).parents[2] / "data" / "schema1"
KINDS = ("built", "cpu", "caffe", "interrupted", "streamed", "kernels")
# A picture is made by another program, of what `dot` renders.
FORMS: tuple[Callable[[Profile], Any], ...] = (
    *(form.render for name, form in FORMATS.items() if name not in ("svg", "plain")),
    page.render_html,
)
# Of a page these are always the same, and would take nine tenths of the time.
SAME = {"environment": cache(page.environment), "plotly_script": str}


def fuzz_one(data: bytes) -> None:
    read = Bytes(data)
    form, kind = FORMS[read.number() % len(FORMS)], KINDS[read.number() % len(KINDS)]
    tree = json.loads(_saved(kind))
    while read and tree:
        edit(tree, read)
    text = json.dumps(tree)
    with refusing(), patch.multiple(page, **SAME):
        profile = parse_profile(text)
        check_times(profile, "hostile_report")
        form(profile)


@cache
def _saved(kind: str) -> str:
    if kind in ("kernels", "streamed"):
        profile = bridged_profile(kernel_pass())
        if kind == "streamed":
            folded = fold(profile.samples.layer_ms)
            profile = replace(profile, samples=replace(profile.samples, layer_histograms=folded))
        return dump_profile(profile)
    return (SAVED / f"{kind}.json").read_text()
