"""The command line inside the test process, on files that nobody here wrote."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trtcore.cli import main


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs ``trtcore``; returns the exit code with what it printed, or its error."""

    def run_main(*arguments: object) -> tuple[int, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out if code == 0 else captured.err

    return run_main
