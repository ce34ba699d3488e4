"""NVIDIA's bindings, release by release, over a fake library: see docs/compatibility.md."""

from __future__ import annotations

from typing import Any

import pytest
from conformance.expected import TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_a_release_conforms(facts: dict[str, Any], topic: str) -> None:
    answer = TOPICS[topic](facts)
    assert answer.found == answer.expected
