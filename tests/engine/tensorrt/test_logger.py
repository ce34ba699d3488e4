"""Which of the errors that TensorRT logs are quoted."""

from __future__ import annotations

from trtcore.engine.tensorrt.logger import MessageLog

FIRST, LAST = "tactic.cpp:1676: no tactics\n  within the workspace", "builder.cpp: build failed"


def logged(*messages: str) -> MessageLog:
    log = MessageLog()
    for message in messages:
        log.add_error(message)
    return log


def test_no_error():
    assert logged().last_error() == "TensorRT gave no reason"
    assert logged().last_error("none") == "none"


def test_one_error_becomes_one_line():
    assert logged(FIRST).last_error() == "tactic.cpp:1676: no tactics within the workspace"


def test_the_last_error_and_the_first():
    text = (
        "builder.cpp: build failed (first error: tactic.cpp:1676: no tactics within the workspace)"
    )
    assert logged(FIRST, "between", LAST).last_error() == text


def test_the_first_is_kept_however_many_follow():
    log = logged(FIRST, *(f"error {i}" for i in range(1000)))
    assert log.last_error().startswith("error 999 (first error: tactic.cpp:1676")
    assert len(log.errors) == 200


def test_errors_before_clear_are_forgotten():
    log = logged(FIRST)
    log.clear()
    log.add_error(LAST)
    assert log.last_error() == LAST
