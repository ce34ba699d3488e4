"""Of the site: a link out of docs/ becomes the name of the file, which the site does not hold."""

import re
from typing import Any

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by MkDocs for every page."""
    return _OUTSIDE.sub(r"\1 (`\2`)", markdown)
