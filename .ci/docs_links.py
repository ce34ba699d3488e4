"""Of the site: links out of docs/, words that no line may break, and what a search finds first."""

import posixpath
import re
from typing import Any

# The longest that fits beside the margins of a phone; longer ones may break.
_WHOLE = re.compile(r"<code>([^\s<]{1,32})</code>")
# In a search, pages that answer a question come before those that hold every figure about it.
_BOOSTS = {
    "formats.md": 2.0,
    "glossary.md": 3.0,
    "method.md": 3.0,
    "errors.md": 2.0,
    "caffe.md": 2.0,
    "api.md": 0.5,
    "method_details.md": 0.5,
    "benchmarks.md": 0.5,
    "reliability.md": 0.5,
    "schema.md": 0.2,
    "licences.md": 0.2,
}
_LINK = re.compile(r"\[([^\]]+)\]\((\.\./[^)#]+)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Called by MkDocs for every page: sets its weight, and names files outside of docs/."""
    page.meta["search"] = {"boost": _BOOSTS.get(page.file.src_uri, 1.0)}
    folder = posixpath.dirname(page.file.src_uri)

    def name(link: "re.Match[str]") -> str:
        text, target = link.groups()
        path = posixpath.normpath(posixpath.join(folder, target))
        return f"{text} (`{path.removeprefix('../')}`)" if path.startswith("../") else link[0]

    return _LINK.sub(name, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Called with what a page's Markdown became: marks options and names, see site.css."""
    return _WHOLE.sub(r'<code class="whole">\1</code>', html)
