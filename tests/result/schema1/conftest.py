"""Old results are read by the command line, whose spelling of options they have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from trtcore.cli.declared import spelled
from trtcore.errors import spelled_by


@pytest.fixture(autouse=True)
def spelling_of_the_command_line() -> Iterator[None]:
    with spelled_by(spelled):
        yield
