"""The JSON Schemas that the package holds."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from trtcore.errors import ResultError

NAMES = ("profile", "precision-comparison")
"""Kinds of saved results: what follows ``trtcore/`` in their key ``schema``."""


def shipped_schema(name: str) -> dict[str, Any]:
    """Returns the JSON Schema of a kind of saved result.

    Raises:
        ResultError: there is no such kind.
    """
    if name not in NAMES:
        raise ResultError(f"no schema is named '{name}', must be one of {', '.join(NAMES)}")
    text = resources.files("trtcore.result.schema").joinpath(f"{name}.json").read_text("utf-8")
    tree: dict[str, Any] = json.loads(text)
    return tree
