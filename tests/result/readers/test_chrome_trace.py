"""Events of Chrome traces: damaged ones are errors of one line, never a shorter profile."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trtcore.errors import ResultError
from trtcore.result.readers.chrome_trace import read_events

GOOD = {"name": "a", "cat": "c", "ph": "X", "pid": 1, "tid": 2, "ts": 1.5, "dur": 2, "args": {}}


def test_complete_events_in_either_form() -> None:
    rows = [GOOD, {"ph": "M", "name": "process_name"}, "text", {**GOOD, "args": None}]
    for text in (json.dumps(rows), json.dumps({"traceEvents": rows})):
        events = read_events(text, "t")
        assert [(e.name, e.category, e.thread, e.start, e.end) for e in events] == [
            ("a", "c", ("1", "2"), 1.5, 3.5)
        ] * 2
        assert [e.args for e in events] == [{}, {}]


CUT = "t: the trace is cut off or damaged ({}); record it again"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, ", CUT.format("Expecting value: line 1 column 5 (char 4)")),
        ("[" * 100_000, CUT.format("nested too deeply")),
        ("[1" + "0" * 5000, CUT.format("a number has more digits than can be read")),
        ("{}", "t: the trace has no list of events"),
        (json.dumps([{**GOOD, "dur": None}]), "t: event 'a' has no times that are numbers"),
        (json.dumps([{**GOOD, "ts": "soon"}]), "t: event 'a' has no times that are numbers"),
        ('[{"ph":"X","name":"a","ts":NaN,"dur":1}]', "t: event 'a' has no times that are numbers"),
    ],
)
def test_bad_traces(text: str, message: str) -> None:
    with pytest.raises(ResultError) as error:
        read_events(text, "t")
    assert str(error.value) == message


@given(st.text(), st.text(), st.text())
def test_any_name_is_kept(name: str, thread: str, category: str) -> None:
    row = {**GOOD, "name": name, "tid": thread, "cat": category}
    (event,) = read_events(json.dumps([row]), "t")
    assert (event.name, event.thread, event.category) == (name, ("1", thread), category)
