"""Work beside the caller's: its result, its error, and how errors name arguments."""

from __future__ import annotations

import threading

import pytest

from trtcore.errors import OptionError, argument, spelled_by
from trtcore.precision.accuracy.ahead import Ahead


def test_it_goes_on_beside_and_is_waited_for() -> None:
    began, go_on = threading.Event(), threading.Event()

    def work() -> str:
        began.set()
        assert go_on.wait(60)
        return threading.current_thread().name

    ahead = Ahead(work)
    assert began.wait(60)  # before anybody asked for the result
    go_on.set()
    assert ahead.result() != threading.current_thread().name
    assert ahead.result() == ahead.result()


def test_what_it_raises_is_raised_where_the_result_is_asked_for() -> None:
    def work() -> None:
        raise OptionError(f"{argument('inputs')} is wrong")

    with spelled_by(lambda name, _: f"--{name}"):
        ahead = Ahead(work)
    ahead.wait()
    with pytest.raises(OptionError, match=r"^--inputs is wrong$"):
        ahead.result()
