"""Pages of sections: escaping of every name, links, and nothing loaded from elsewhere."""

from __future__ import annotations

import json
import re

from html_results import HOSTILE, Parsed

from trtcore.report.html.drawn import DrawnSection, LinkedRow, LinkedTable, Picture, render_drawn
from trtcore.report.html.libraries import plotly_script


def section(name: str, link: str = "") -> DrawnSection:
    rows = (LinkedRow(name, link, (name, "1")), LinkedRow("plain", "", ("2", "3")))
    return DrawnSection(
        title=name,
        verdict=name,
        facts=((name, name),),
        choices=(name, "other"),
        pictures=(Picture("trend", name, name),),
        table=LinkedTable(name, ("a", name, "b"), rows),
        notes=(name,),
        data={"runs": [{"words": name, "short": "\x1b[1m", "ms": 1.0, "change": ""}]},
    )


def test_hostile_names_make_no_element() -> None:
    page = render_drawn(HOSTILE, [section(HOSTILE), section("b\x1b[2J")], commands=[(HOSTILE, "c")])
    parsed = Parsed(page)
    assert "img" not in {tag for tag, _ in parsed.tags}
    assert not any(name.startswith("on") for _, attrs in parsed.tags for name in attrs)
    assert [attrs for tag, attrs in parsed.tags if tag == "script"] == [
        {"type": "application/json", "class": "data"},
        {"type": "application/json", "class": "data"},
        {},
        {},
    ]
    own = page.replace(plotly_script(), "")
    assert "\u2028" not in own
    assert "\x1b" not in own
    data = re.findall(r'class="data">(.*?)</script>', page)
    # The line separator is escaped twice: once for terminals and readers, once in the JSON.
    assert json.loads(data[0])["runs"][0]["words"] == HOSTILE.replace("\u2028", "\\u2028")
    assert "b\\x1b[2J" in parsed.texts
    assert "49" not in own


def test_rows_lead_to_pages_beside_it_and_nothing_is_loaded() -> None:
    parsed = Parsed(render_drawn("t", [section("a", "cells/1.html"), section("b")]))
    links = [attrs["href"] for tag, attrs in parsed.tags if tag == "a"]
    assert links == ["#main", "#s0", "#s1", "cells/1.html"]
    assert not any(name in attrs for _, attrs in parsed.tags for name in ("src", "srcset"))
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    scopes = [attrs.get("scope") for tag, attrs in parsed.tags if tag == "th"]
    assert scopes == [*["col"] * 3, *["row"] * 2] * 2
