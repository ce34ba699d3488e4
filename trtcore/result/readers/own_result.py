"""A result that trtcore saved, read as a profile."""

from __future__ import annotations

import re

from trtcore.errors import ResultError
from trtcore.result.readers.foreign import foreign_file
from trtcore.result.readers.torch_trace import is_torch_trace
from trtcore.result.records.profile import Profile
from trtcore.result.saved import is_precisions, parse_profile

_OBJECT = re.compile(r'\s*\{\s*(?:"|\}|$)')


def is_result(text: str) -> bool:
    """Whether a text is a JSON object, as saved results are."""
    # Any object, also a damaged one: the parser then says what is wrong with it, which is more than
    # "none of the known kinds of file". A table whose first name is ``{ForeignNode[...]}`` is none.
    return (
        _OBJECT.match(text) is not None and foreign_file(text) is None and not is_torch_trace(text)
    )


def parse_result(text: str, source: str = "result") -> Profile:
    """Reads a saved profile.

    Raises:
        ResultError: it is no profile, or one of several.
    """
    if is_precisions(text):
        raise ResultError(
            f"{source}: is a comparison of precisions, which holds several profiles: "
            f"'trtcore report {source}' shows it"
        )
    return parse_profile(text, source)
