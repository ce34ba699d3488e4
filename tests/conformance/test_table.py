"""docs/compatibility.md against what is found."""

from __future__ import annotations

from typing import Any

import pytest
from conformance import table
from conformance.wheels import WHEELS

from trtcore.engine.tensorrt.bindings import NEWEST_PROVED


def test_the_row_of_a_release_is_what_was_found(facts: dict[str, Any]) -> None:
    version = tuple(map(int, facts["version"].split(".")))
    if version > max(table.versions(facts["package"])):
        pytest.skip(
            f"{facts['package']} {facts['version']} is newer than docs/compatibility.md: "
            "pytest tests/conformance --write-table"
        )
    assert table.row(facts) in table.written_rows()


def test_a_release_that_moved_a_method_is_told(facts: dict[str, Any]) -> None:
    moved = {**facts, "native": {**facts["native"], "enqueue": ["setPersistentCacheLimit"]}}
    assert table.row(moved).count("**no**") == table.row(facts).count("**no**") + 1


def test_the_page_holds_every_release_once() -> None:
    rows = table.written_rows()
    assert len(rows) == len(set(rows)) == len(WHEELS)


@pytest.mark.parametrize("module", NEWEST_PROVED)
def test_what_counts_as_newer_is_newer_than_the_page(module: str) -> None:
    proved = [
        version[:2]
        for package in {wheel.package for wheel in WHEELS if wheel.module == module}
        for version in table.versions(package)
    ]
    assert NEWEST_PROVED[module] == max(proved)
