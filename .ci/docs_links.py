"""Of the site: links out of docs/, which it does not hold, and words that no line may break."""

import posixpath
import re
from typing import Any

# The longest that fits beside the margins of a phone; longer ones may break.
_WHOLE = re.compile(r"<code>([^\s<]{1,32})</code>")
_LINK = re.compile(r"\[([^\]]+)\]\((\.\./[^)#]+)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Called by MkDocs for every page: a link out of docs/ becomes the name of the file."""
    folder = posixpath.dirname(page.file.src_uri)

    def name(link: "re.Match[str]") -> str:
        text, target = link.groups()
        path = posixpath.normpath(posixpath.join(folder, target))
        return f"{text} (`{path.removeprefix('../')}`)" if path.startswith("../") else link[0]

    return _LINK.sub(name, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Called with what a page's Markdown became: marks options and names, see site.css."""
    return _WHOLE.sub(r'<code class="whole">\1</code>', html)
