"""Saved results of version 1, which trtcore 0.1.0 wrote, are still read and say the same."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.paths import DATA
from trtcore.compare.precisions.saved import dump_precisions, parse_precisions
from trtcore.errors import ResultError
from trtcore.report.terminal.precisions import render_precisions
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.findings.finding import FindingKind
from trtcore.result.saved import dump_profile, parse_profile

FILES = DATA / "schema1"
LONG = {"engine", "streamed", "sample", "trtexec"}
"""Reports that were printed with ``--sort time --top 12``."""


def _requested(found: re.Match[str]) -> str:
    return f"requested {found[1].removeprefix('for ')}, warm-up {found[2]}"


REWORDED: tuple[tuple[str, Any], ...] = (
    # What version 1 printed, as a pattern, and what is printed now.
    (r"the (?:two|passes) take turns in rounds", "passes interleaved in rounds"),
    (r"held down by nothing", "not throttled"),
    (r"Island (.*?) \((\w+)\): Float(?=[ ,])", r"Precision fallback \1 (\2) runs in FP32"),
    (r"beyond 3 quartile distances", "beyond 3 IQR from the quartiles"),
    (
        r"neighbouring iterations correlate, which widens the intervals",
        "autocorrelated samples; confidence intervals widened",
    ),
    (
        r"the (un-profiled [\w ]+|layer \S+) jumps between ([\d.]+ and [\d.]+ ms) \(its "
        r"quartiles are ([\d.]+ and [\d.]+ ms)\), so that its median is a matter of luck",
        r"\1 is bimodal (\2): the median is not representative, use the quartiles (\3)",
    ),
    (r"the total is within", "iteration time within"),
    (r"(layer \S+) is within ([\d.]+%), wanted", r"\1 within \2, target"),
    (r"iterations still changed by", "iteration time still changing by"),
    (r"asked (\d+|for as many .*? time), warmed up (\d+)", _requested),
    (
        r"(\w+) was built; the CPU timed the model as it is",
        r"the \1 engine was built, but the CPU timed the unmodified model",
    ),
    (r"nothing is streamed on", "streaming has no effect on"),
    (
        r"put nodes of its own into the model, for want of a kernel: (.*?); each is listed with "
        r"the model node it works for",
        r"inserted nodes where it lacks a kernel: \1; each is listed with the model node it was "
        "inserted for",
    ),
    (r"layer names lead to no", "layer names map to no"),
    (
        r"not gated, so that times hold launch gaps",
        "GPU times include launch overhead, as the stream was not gated",
    ),
    (r"without, taken in turn", "without, rounds interleaved"),
    (r"iterations, measured in turns", "iterations, measured interleaved"),
    (
        r"callbacks, gated(\).*? interleaved in rounds)",
        r"callbacks\1; gated: launch overhead hidden (stream blocked until enqueued)",
    ),
    (
        r"~ Below 0.002 ms the corrected time is an order of magnitude, not more.",
        "~ Corrected time below 0.002 ms: below timer resolution; indicative only.",
    ),
    (
        r"what else is fused into those layers is not known",
        "what else is fused into those layers is unknown",
    ),
    (r"ms cannot be\b", "ms is not plausible"),
    (r"asked (?=\w+: )", "requested "),
    # What the run saw comes before what its figures tell.
    (r"(Warning the warm-up ended .*) (Warning the moon was full)", r"\2 \1"),
)


CLOSING = r"Layer times as measured .*? (?=Latency [0-9.]+ ms, median)"
"""What led from the layers to the latency: version 1 knew no parts of the span."""

CLOSING_FIGURE = (
    r"(Layer times as measured|Events between layers|Layer times corrected|Un-profiled, gated|"
    r"Un-profiled, CUDA graph) (-?[0-9.]+) ms"
)


def without_closing_block(text: str) -> str:
    return re.sub(CLOSING, "", text)


def closing_figures(text: str) -> set[tuple[str, str]]:
    return set(re.findall(CLOSING_FIGURE, text))


def rendered(text: str, name: str) -> str:
    view: dict[str, Any] = {"sort": "time", "top": 12} if name in LONG else {}
    if name == "precisions":
        return render_precisions(parse_precisions(text), **view)
    return render_table(parse_profile(text), full_names=True, **view)


FINDINGS = "|".join(f"{re.escape(kind.label)} +[0-9]" for kind in FindingKind)
"""A finding begins with its kind and what it could save."""


def without_better(text: str) -> str:
    """Without the facts that tell more than before: more nodes, fallbacks of a kind, findings.

    A fact begins with its label, and its further lines are indented.
    """
    facts = re.split(r"\n(?=\S)", text)
    better = r"Fusion |Islands? |Precision fallbacks? |Findings? |" + FINDINGS
    kept = [fact for fact in facts if not re.match(better, fact)]
    return " ".join(" ".join(kept).split())


def saved_again(text: str, name: str) -> str:
    if name == "precisions":
        return dump_precisions(parse_precisions(text))
    return dump_profile(parse_profile(text))


NAMES = sorted(path.stem for path in FILES.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_the_report_is_as_before_but_for_the_words(name: str) -> None:
    before = without_better((FILES / f"{name}.txt").read_text())
    for old, new in REWORDED:
        before = re.sub(old, new, before)
    found = without_better(rendered((FILES / f"{name}.json").read_text(), name))
    assert without_closing_block(found) == without_closing_block(before)
    assert closing_figures(found) == closing_figures(before)


@pytest.mark.parametrize("name", NAMES)
def test_it_survives_being_saved_as_version_2(name: str) -> None:
    text = (FILES / f"{name}.json").read_text()
    again = saved_again(text, name)
    assert json.loads(again)["version"] == 2
    assert rendered(again, name) == rendered(text, name)
    assert saved_again(again, name) == again


def test_nothing_that_was_written_is_left_a_sentence() -> None:
    """But what nobody of trtcore wrote, and other programs' error messages."""
    notes = {
        (name, note)
        for name in NAMES
        for note in notes_in(json.loads(saved_again((FILES / f"{name}.json").read_text(), name)))
    }
    assert notes == {
        ("built", "no NVIDIA driver: libcuda.so.1 was not found"),
        ("engine", "executeV2 synchronises by itself"),
        ("engine", "interrupted"),
        ("engine", "the moon was full"),
    }


def notes_in(tree: Any) -> list[str]:
    """Every ``note`` in a tree that is not empty."""
    if isinstance(tree, list):
        return [note for item in tree for note in notes_in(item)]
    if not isinstance(tree, dict):
        return []
    own = [tree["note"]] if tree.get("note") else []
    return own + [note for item in tree.values() for note in notes_in(item)]


def changed(path: tuple[str, ...], value: Any, name: str = "engine") -> str:
    tree = json.loads((FILES / f"{name}.json").read_text())
    place = tree
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(tree)


@pytest.mark.parametrize(
    ("path", "printed"),
    [
        (("method",), "Method by magic"),
        (("counts", "warm_up"), "; warm-up ended by magic"),
        (("counts", "stopped"), "; by magic; warm-up"),
        (("build", "precision"), "Precision by magic"),
        (("build", "cache"), "verbosity DETAILED, by magic"),
        (("kernels", "mapping"), "Mapping by magic"),
        (("accuracy", "method"), "Compared by magic"),
    ],
)
def test_a_sentence_that_is_not_known_is_kept(path: tuple[str, ...], printed: str) -> None:
    text = changed(path, "by magic")
    assert printed in " ".join(rendered(text, "engine").split())
    assert printed in " ".join(rendered(saved_again(text, "engine"), "engine").split())


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("method",), 7, "profile.method is 7, expected an object"),
        (("counts", "warm_up"), 7, "profile.counts.warm_up is 7, expected an object"),
        (("counts",), [], r"profile.counts is \[\], expected an object"),
        (("build", "precision"), 7, "profile.build.precision is 7, expected an object"),
        (
            ("build", "precision_verdict"),
            "fine",
            "profile.build.precision.verdict is 'fine', expected one of 'met', 'not met', 'opaque'",
        ),
        (("build", "islands"), "a", "profile.build.precision.fallbacks is 'a', expected a list"),
        (("kernels", "mapping"), None, "profile.kernels.mapping is None, expected an object"),
        (("accuracy", "method"), 7, "profile.accuracy.note is 7, expected str"),
        (("warnings",), "hot", "profile.warnings is 'hot', expected a list"),
        (("warnings",), [7], r"profile.warnings\[0\] is 7, expected an object"),
        (("version",), 3, "schema version 3; this trtcore reads 2, update trtcore"),
        (("version",), "1", "schema version '1'; this trtcore reads 2"),
    ],
)
def test_what_does_not_fit_is_named(path: tuple[str, ...], value: Any, message: str) -> None:
    with pytest.raises(ResultError, match=message):
        parse_profile(changed(path, value))


def test_damaged_comparisons_of_precisions_are_refused() -> None:
    for path, value, message in (
        (("profiles",), 7, "profiles is 7, expected a list"),
        (("profiles",), [7], r"profiles\[0\] is 7, expected an object"),
        (("notes",), 7, "notes is 7, expected a list"),
        (("notes",), [7], r"notes\[0\] is 7, expected an object"),
        (("precisions",), 7, "precisions is 7, expected a list"),
    ):
        with pytest.raises(ResultError, match=message):
            parse_precisions(changed(path, value, "precisions"))
