"""Every form of a report, of saved results with hostile values in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from fuzz.edits import Bytes, edit
from fuzz.trying import refusing
from hand_made_kernels import bridged_profile, kernel_pass

from trtcore.report.formats import FORMATS
from trtcore.report.html.page import render_html
from trtcore.result.checks import check_times
from trtcore.result.records.profile import Profile
from trtcore.result.saved import dump_profile, parse_profile

SAVED = Path(__file__).parents[2] / "data" / "schema1"
KINDS = ("built", "cpu", "caffe", "interrupted", "streamed", "kernels")
# A picture is made by another program, of what `dot` renders.
FORMS: tuple[Callable[[Profile], Any], ...] = (
    *(form.render for name, form in FORMATS.items() if name not in ("svg", "plain")),
    render_html,
)


def fuzz_one(data: bytes) -> None:
    read = Bytes(data)
    form, kind = FORMS[read.number() % len(FORMS)], KINDS[read.number() % len(KINDS)]
    tree = json.loads(_saved(kind))
    while read and tree:
        edit(tree, read)
    text = json.dumps(tree)
    with refusing():
        profile = parse_profile(text)
        check_times(profile, "hostile_report")
        form(profile)


@cache
def _saved(kind: str) -> str:
    if kind == "kernels":
        return dump_profile(bridged_profile(kernel_pass()))
    return (SAVED / f"{kind}.json").read_text()
