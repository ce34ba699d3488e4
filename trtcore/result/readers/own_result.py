"""A result that trtcore saved, where a profile is wanted."""

from __future__ import annotations

from trtcore.errors import ResultError
from trtcore.result.records import Profile
from trtcore.result.saved import is_precisions, parse_profile


def is_result(text: str) -> bool:
    """Whether a text is a JSON object, as saved results are."""
    return text.lstrip().startswith("{")


def parse_result(text: str, source: str = "result") -> Profile:
    """Reads a saved profile.

    Raises:
        ResultError: it is no profile, or one of several.
    """
    if is_precisions(text):
        raise ResultError(
            f"{source}: is a comparison of precisions already, of several profiles: "
            f"'trtcore report {source}' shows it"
        )
    return parse_profile(text, source)
