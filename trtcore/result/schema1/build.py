"""How an engine was built and what precision it has, from the words of version 1."""

from __future__ import annotations

import re
from typing import Any

from trtcore.result.records.build import CacheUse
from trtcore.result.schema1.trees import Tree

# Every pattern here is a sentence as version 1 wrote it. Saved files hold those, so none may change
# with the wording of today's reports.
_WANTED = {"fp32": "Float", "tf32": "Float", "fp16": "Half", "half2": "Half", "bf16": "BFloat16"}
_CACHES = {
    "timing cache reused": CacheUse.TIMING_REUSED,
    "timing cache created": CacheUse.TIMING_CREATED,
}
_HEAD = re.compile(r"(?:asked (\w+)|engine): ")
_OPAQUE = "the plan does not tell the types of its layers, build it DETAILED"
_COUNTS = re.compile(r"(\d+) of \d+ layers (\w+)((?:, \d+ [A-Z]\w*)*)")
_TAIL = re.compile(
    r"(?:; (?P<unreported>\d+) layers do not tell)?"
    r"(?:; (?:(?P<markers>\d+) signal and wait markers)?(?: and )?"
    r"(?:(?P<integers>\d+) layers of integers)? left out)?$"
)
_PLACES = re.compile(r"(?: \(.*\))?(?:, \d+ of them on request)?(?:, [\d.]+ % of time)?", re.DOTALL)


def upgraded_build(build: Tree) -> Tree:
    """Returns the tree of a build as version 2 has it."""
    changed = {
        name: value
        for name, value in build.items()
        if name not in ("cache", "precision", "precision_verdict", "islands")
    }
    # What is no text stays as it is, and decoding says at which place it is wrong.
    cache, line = build.get("cache", ""), build.get("precision", "")
    if isinstance(cache, str):
        changed["cache"] = _CACHES.get(cache, CacheUse.NONE).value
        changed["note"] = "" if cache in _CACHES else cache
    if not isinstance(line, str):
        changed["precision"] = line
    elif line:
        changed["precision"] = _check(line, build)
    return changed


def _check(line: str, build: Tree) -> Tree:
    """The check of a precision; a line that does not hold all that was in it is kept too."""
    head = _HEAD.match(line)
    asked = (head[1] or "") if head else ""
    rest = line[head.end() :] if head else line
    known = {"asked": asked, "wanted": _WANTED.get(asked, "")}
    check: Tree = {
        **known,
        "verdict": build.get("precision_verdict"),
        "fallbacks": build.get("islands", []),
    }
    counts = _counts(rest)
    is_known = head is not None and (not asked or asked in _WANTED)
    if not is_known or (counts is None and rest != _OPAQUE):
        check["note"] = line
    return {**check, **(counts or {})}


def _counts(text: str) -> dict[str, Any] | None:
    """The numbers of a line; None if it is not the whole line, as names of pinned nodes are cut."""
    start, tail = _COUNTS.match(text), _TAIL.search(text)
    if start is None or tail is None:
        return None
    if not _PLACES.fullmatch(text[start.end() : tail.start()]) or "; kept in FP32 on" in text:
        return None
    pairs = [(int(start[1]), start[2])]
    pairs += [(int(n), dtype) for n, dtype in re.findall(r"(\d+) (\w+)", start[3])]
    # Version 1 named the requested type first; the records have the most frequent one first.
    pairs.sort(key=lambda pair: -pair[0])
    types = [{"dtype": dtype, "layers": count} for count, dtype in pairs if count]
    return {"types": types, **{name: int(count or 0) for name, count in tail.groupdict().items()}}
