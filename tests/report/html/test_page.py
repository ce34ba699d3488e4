"""The page as text: sections, escaping, size, and what is wrong with what it is given."""

from __future__ import annotations

import importlib.util
import json
import re
import time
from dataclasses import replace

import pytest
from html_results import HOSTILE, Parsed, bare, hostile, large
from networks import measured
from paths import DATA

from trtcore.compare.precisions.saved import load_precisions
from trtcore.errors import OptionError, ResultError
from trtcore.report.html.libraries import plotly_script
from trtcore.report.html.page import render_html

PLOTLY_BYTES = len(plotly_script().encode())


@pytest.fixture(scope="module")
def vit() -> Parsed:
    return Parsed(render_html(measured("vit_b_16"), names=("vit.json",)))


def test_the_sections_are_in_their_order_and_every_link_leads_somewhere(vit: Parsed) -> None:
    ids = vit.ids()
    assert len(ids) == len(set(ids))
    sections = [
        attrs["id"] for tag, attrs in vit.tags if tag in ("section", "article") and "id" in attrs
    ]
    assert sections == [
        "r0",
        "r0-layers",
        "r0-blocks",
        "r0-findings",
        "r0-precision",
        "r0-conversions",
        "r0-kernels",
        "r0-times",
        "environment",
    ]
    links = [attrs["href"] for tag, attrs in vit.tags if tag == "a"]
    assert all(link and link.removeprefix("#") in ids for link in links)


def test_nothing_in_the_page_is_loaded_from_elsewhere(vit: Parsed) -> None:
    loaded = [
        (tag, name)
        for tag, attrs in vit.tags
        for name in ("src", "href", "srcset")
        if name in attrs and not (attrs[name] or "").startswith("#")
    ]
    assert loaded == []
    assert not any(name.startswith("on") for _, attrs in vit.tags for name in attrs)


def test_a_table_has_a_caption_and_headings(vit: Parsed) -> None:
    tags = [tag for tag, _ in vit.tags]
    assert tags.count("caption") == tags.count("table") >= 4
    scopes = [attrs.get("scope") for tag, attrs in vit.tags if tag == "th"]
    assert None not in scopes
    rows = [attrs for tag, attrs in vit.tags if tag == "tr" and "data-k" in attrs]
    assert len(rows) == 137


def test_hostile_names_make_no_element() -> None:
    page = render_html(hostile())
    parsed = Parsed(page)
    assert not {"img", "b-broken"} & {tag for tag, _ in parsed.tags}
    assert [attrs for tag, attrs in parsed.tags if tag == "script"] == [
        {"type": "application/json", "class": "data"},
        {"type": "application/json", "id": "compared-data"},
        {},
        {},
    ]
    assert "\u2028" not in page.replace(plotly_script(), "")
    assert HOSTILE.replace("\u2028", "\\u2028") in "".join(parsed.texts)
    assert not any(name.startswith("on") for _, attrs in parsed.tags for name in attrs)
    # Nothing of a name is run as a template.
    assert "49" not in next(text for text in parsed.texts if "{{" in text)


def test_two_results_have_a_comparison_and_its_waterfall_adds_up() -> None:
    base = measured("vit_b_16")
    samples = replace(base.samples, layer_ms=base.samples.layer_ms * 1.5)
    page = render_html([base, replace(base, samples=samples)], names=("a", "b"))
    assert {"r0", "r1", "c1"} <= set(Parsed(page).ids())
    (data,) = json.loads(re.findall(r'id="compared-data">(.*?)</script>', page)[0])
    first, *changes, last = data["steps"]
    assert first[1] + sum(ms for _, ms, _ in changes) == pytest.approx(last[1], rel=1e-3)
    assert data["names"] == ["a", "b"]


def test_a_comparison_of_precisions_has_a_column_for_each() -> None:
    comparison = load_precisions(DATA / "schema1" / "precisions.json")
    texts = Parsed(render_html(comparison)).texts
    for heading in ("fp32 ms", "fp16 ms", "fp16/fp32", "half2 ms", "half2/fp32"):
        assert heading in texts
    assert any("fp16, accuracy: " in text and "relative L2" in text for text in texts)
    assert any(comparison.verdict in text for text in texts)


def test_nothing_measured_still_makes_a_page() -> None:
    texts = "".join(Parsed(render_html(bare())).texts)
    assert "net: nothing was timed." in texts
    assert "No times of single iterations are in this result." in texts


def test_sizes() -> None:
    assert len(render_html(measured("swin_t")).encode()) < 6e6
    own = len(render_html(large(206, 1000)).encode()) - PLOTLY_BYTES
    assert own < 0.5e6


def test_too_many_results_and_results_of_other_models() -> None:
    vit = measured("vit_b_16")
    with pytest.raises(OptionError, match="4 results: an HTML report shows 1 to 3 side by side"):
        render_html([vit] * 4)
    with pytest.raises(ResultError, match=r"swin\.json"):
        render_html([vit, measured("swin_t")], names=("vit.json", "swin.json"))


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "jinja2" else found(name, *rest),
    )
    with pytest.raises(OptionError) as error:
        render_html(bare())
    assert str(error.value) == "an HTML report needs jinja2: pip install 'trtcore[report]'"


@pytest.mark.slow
def test_five_thousand_layers_are_quick_and_small() -> None:
    profile = large(5000, 1000)
    began = time.process_time()
    page = render_html(profile)
    took = time.process_time() - began
    assert len(page.encode()) < 10e6
    # 10 s is the promise; of the processor's time, which other work on the machine does not take.
    assert took < 10
    began = time.process_time()
    render_html(large(206, 1000))
    assert time.process_time() - began < 1.5
