"""The wheels as parameters, and ``--write-table``, which writes docs/compatibility.md anew."""

from __future__ import annotations

from typing import Any

import pytest
from conformance import table
from conformance.findings import Findings
from conformance.wheels import EVERY_TIME, WHEELS, UnavailableError, Wheel

PARAMETERS = [
    pytest.param(wheel, id=str(wheel), marks=() if wheel in EVERY_TIME else pytest.mark.slow)
    for wheel in WHEELS
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-table",
        action="store_true",
        help="write what is found about every wheel into docs/compatibility.md",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--write-table"):
        config.option.markexpr = ""


@pytest.fixture(scope="session")
def findings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What was found about the wheels; all of them, and in the page too, with ``--write-table``."""
    found = Findings(tmp_path_factory.mktemp("conformance"))
    if request.config.getoption("--write-table"):
        table.write([table.row(found.facts(wheel)) for wheel in WHEELS])
    return found


@pytest.fixture(scope="session", params=PARAMETERS)
def wheel(request: pytest.FixtureRequest) -> Wheel:
    """Each release of the bindings."""
    wheel: Wheel = request.param
    return wheel


@pytest.fixture(scope="session")
def facts(wheel: Wheel, findings: Findings) -> dict[str, Any]:
    """What was found about a wheel; skips where it cannot be had."""
    try:
        return findings.facts(wheel)
    except UnavailableError as why:
        pytest.skip(f"offline, or no wheel for this Python: {why}")
