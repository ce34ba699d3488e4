"""Of the site: a link out of docs/ becomes the name of the file, which the site does not hold."""

import posixpath
import re
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\((\.\./[^)#]+)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Called by MkDocs for every page."""
    folder = posixpath.dirname(page.file.src_uri)

    def name(link: "re.Match[str]") -> str:
        text, target = link.groups()
        path = posixpath.normpath(posixpath.join(folder, target))
        return f"{text} (`{path.removeprefix('../')}`)" if path.startswith("../") else link[0]

    return _LINK.sub(name, markdown)
