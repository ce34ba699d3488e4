"""The libraries of the extra ``report``, and the page's own files."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from trtcore.errors import OptionError

_NEEDED = ("jinja2", "plotly")
_COMMAND = "pip install 'trtcore[report]'"
_FOLDER = "templates"
_SHARED = ("data.js", "layout.js", "drawing.js")
RESULT_SCRIPTS = (
    *_SHARED,
    "charts.js",
    "blocks.js",
    "roofline.js",
    "compared.js",
    "table.js",
    "report.js",
)
"""In the order in which they are put together; each uses only what is before it."""
DRAWN_SCRIPTS = (*_SHARED, "sweep.js", "trend.js", "drawn.js")


def require_libraries() -> None:
    """Raises OptionError if the page cannot be made; imports nothing large."""
    from importlib.util import find_spec

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise OptionError(f"an HTML report needs {' and '.join(missing)}: {_COMMAND}")


def environment() -> Any:
    """Returns the templates, which escape every value that is put into them."""
    require_libraries()
    return _templates()


# Once: a sweep makes a page of each of its cells.
@lru_cache(maxsize=1)
def _templates() -> Any:
    jinja2 = importlib.import_module("jinja2")
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(own_file),
        # Whatever the name of a template: names in results come from files that anybody wrote.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=1)
def plotly_script() -> str:
    """Returns the JavaScript of the installed plotly."""
    script: str = importlib.import_module("plotly.offline").get_plotlyjs()
    return script


def own_script(names: Sequence[str] = RESULT_SCRIPTS) -> str:
    """Returns a page's own JavaScript, as one function that leaves no global names."""
    return '(() => {\n"use strict";\n' + "\n".join(map(own_file, names)) + "\n})();"


def own_file(name: str) -> str:
    """Returns a template, style sheet or script of this folder."""
    return (resources.files(__package__) / _FOLDER / name).read_text(encoding="utf-8")
