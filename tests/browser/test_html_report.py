"""The HTML report in a real browser: what it draws, that it is quiet, and how it is used."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from html_pages import page, two
from html_results import HOSTILE, bare, hostile, large, with_cost
from networks import measured
from paths import DATA

from trtcore.compare.precisions.saved import load_precisions
from trtcore.report.html.page import render_html
from trtcore.result.saved import load_profile

pytestmark = pytest.mark.browser
Open = Callable[..., Any]

ROWS = "table.layers tbody tr"
SHOWN = f"return [...document.querySelectorAll('{ROWS}')].filter(r => !r.hidden).length"
LABELS = f"return [...document.querySelectorAll('{ROWS}')].map(r => r.cells[1].textContent)"
# Those of the layers' picture: the first trace is the time as measured.
BARS = """
const traces = document.querySelector('[data-chart=layers]').data;
const drawn = document.querySelectorAll('[data-chart=layers] .bars .point').length;
return [traces[0].x.length, traces.slice(1).reduce((n, t) => n + t.x.length, 0), drawn];
"""


def saved(name: str) -> str:
    return render_html(load_profile(DATA / "schema1" / f"{name}.json"))


PAGES: dict[str, Callable[[], str]] = {
    "cost": lambda: render_html(with_cost("resnet50")),
    "two": two,
    "precisions": lambda: render_html(load_precisions(DATA / "schema1" / "precisions.json")),
    "cpu": lambda: saved("cpu"),
    "streamed": lambda: saved("streamed"),
    "other tool, without gates": lambda: saved("trtexec"),
    "nothing": lambda: render_html(bare()),
}


@pytest.mark.parametrize("kind", PAGES)
def test_every_kind_of_page_draws_its_pictures(show: Open, kind: str) -> None:
    # That there are no errors and no requests is asserted by `show`, of every page of this file.
    browser = show(PAGES[kind]())
    charts = browser.find_elements("css selector", "figure:not([hidden]) [data-chart]")
    assert all(chart.find_elements("css selector", "svg.main-svg") for chart in charts)
    assert bool(charts) == (kind != "nothing")


@pytest.mark.parametrize("name", ["swin_t", "t5_encoder"])
def test_one_bar_for_each_layer_and_its_time_as_measured(show: Open, name: str) -> None:
    count = len(measured(name).layers)
    assert show(page(name)).execute_script(BARS) == [count, count, 2 * count]


def test_search_and_filters_show_the_rows_that_fit(show: Open) -> None:
    browser = show(page("vit_b_16"))
    field, kind = (
        browser.find_element("css selector", f"[data-filter={name}]") for name in ("text", "kind")
    )
    field.send_keys("ENCODER_LAYER_3/")
    found = browser.execute_script(SHOWN)
    layers = measured("vit_b_16").layers
    assert found == sum(any("encoder_layer_3/" in n for n in layer.nodes) for layer in layers)
    kind.find_element("xpath", ".//option[text()='attention']").click()
    assert browser.execute_script(SHOWN) == 1
    assert browser.find_element("css selector", "form output").text == "1 of 137 layers"
    field.clear()
    field.send_keys("no such layer")
    assert browser.execute_script(SHOWN) == 0


def test_sorting_goes_both_ways_and_back_to_the_order_of_execution(show: Open) -> None:
    browser = show(page("vit_b_16"))
    order = browser.execute_script(LABELS)
    heads = browser.find_elements("css selector", "table.layers thead th")
    share = next(head for head in heads if head.text.startswith("share"))
    share.find_element("tag name", "button").click()
    assert share.get_attribute("aria-sort") == "descending"
    assert browser.execute_script(LABELS)[0] == "conv_proj: Conv"
    share.find_element("tag name", "button").click()
    assert share.get_attribute("aria-sort") == "ascending"
    assert browser.execute_script(LABELS)[-1] == "conv_proj: Conv"
    heads[0].find_element("tag name", "button").click()
    assert browser.execute_script(LABELS) == order
    assert share.get_attribute("aria-sort") is None


def test_a_table_of_texts_sorts_and_its_sums_stay_at_the_end(show: Open) -> None:
    browser = show(two())
    names = """
    const rows = document.querySelectorAll(".compared table.texts tbody tr");
    return [...rows].map((row) => row.cells[0].textContent);
    """
    order = browser.execute_script(names)
    head = browser.find_element("css selector", ".compared table.texts th:nth-child(2)")
    sums = ["time over all layers", "un-profiled GPU time", "un-profiled GPU time, gated"]
    for click, first in (("descending", "conv_proj: Conv"), ("ascending", None), (None, order[0])):
        head.find_element("tag name", "button").click()
        assert head.get_attribute("aria-sort") == click
        found = browser.execute_script(names)
        assert found[-3:] == sums
        assert first in (None, found[0])
    assert found == order


def test_hovering_over_a_bar_tells_its_nodes_types_and_tactic(show: Open) -> None:
    browser = show(page("vit_b_16"))
    browser.execute_script("document.querySelector('[data-chart=layers]').scrollIntoView()")
    browser.execute_script(
        "Plotly.Fx.hover(document.querySelector('[data-chart=layers]'), "
        "[{curveNumber: 2, pointNumber: 0}])"
    )
    text = browser.execute_script(
        "return document.querySelector('[data-chart=layers] .hoverlayer').textContent"
    )
    for part in (
        "conv_proj: Conv",
        "convolution",
        "FP16",
        "Nodes: /conv_proj/Conv",
        "Half",
        "Tactic: ",
        "Stream: 0",
        "4x768x14x14",
    ):
        assert part in text


def test_the_keyboard_alone_reaches_a_layer(show: Open) -> None:
    keys = pytest.importorskip("selenium.webdriver").Keys
    browser = show(page("vit_b_16"))
    field = browser.find_element("css selector", "[data-filter=precision]")
    field.send_keys(keys.TAB)
    for _ in range(12):  # the scrolled region, nine headings, then one row for all of them
        active = browser.switch_to.active_element
        if active.tag_name == "tr":
            break
        active.send_keys(keys.TAB)
    for key in (keys.ARROW_DOWN, keys.ARROW_DOWN, keys.ARROW_UP, keys.ENTER):
        browser.switch_to.active_element.send_keys(key)
    row = browser.switch_to.active_element
    assert row.find_element("tag name", "th").text == "conv_proj: Conv"
    assert row.get_attribute("aria-current") == "true"
    detail = browser.find_element("css selector", ".detail")
    assert detail.get_attribute("aria-live") == "polite"
    assert "/conv_proj/Conv" in detail.text
    shapes = "document.querySelector('[data-chart=layers]').layout.shapes"
    band = f"return {shapes}.map(s => s.x0 + s.x1)"
    assert browser.execute_script(band) == [2]  # around layer 1
    title = "return document.querySelector('[data-chart=histogram]').layout.title.text"
    assert browser.execute_script(title) == "conv_proj: Conv"
    browser.switch_to.active_element.send_keys(keys.END)
    rows = browser.find_elements("css selector", ROWS)
    assert browser.switch_to.active_element == rows[-1]


def test_a_layers_times_in_the_picture_are_those_of_the_result(show: Open) -> None:
    profile = measured("vit_b_16")
    browser = show(page("vit_b_16"))
    for place in (1, 10, 136):
        browser.execute_script(f"document.querySelectorAll('{ROWS}')[{place}].click()")
        script = "const t = document.querySelector('[data-chart={}]').data[0]; return [t.x, t.y]"
        iterations, times = browser.execute_script(script.format("series"))
        middles, shares = browser.execute_script(script.format("histogram"))
        own = profile.samples.layer_ms[:, place]
        assert iterations == list(range(len(own)))
        # Both ends of the range are rounded to five digits, and the rest packed between them.
        np.testing.assert_allclose(times, own, rtol=6e-5)
        assert sum(shares) == pytest.approx(1, abs=1e-3)
        assert own.min() <= middles[0] <= own.max()


def test_nothing_is_wider_than_the_window_and_text_is_readable(show: Open, resize: Open) -> None:
    browser = show(page("swin_t"))
    inside = "return document.documentElement.scrollWidth <= window.innerWidth"
    for width, is_dark in product((390, 1280, 2560), (False, True)):
        resize(width, is_dark=is_dark)
        assert browser.execute_script(inside), width
        for element in ("body", ".trust .good i", ".trust .warning i", "figcaption", "a[href]"):
            # 4.5:1 is WCAG 2.1 AA for text of this size.
            assert browser.execute_script(_CONTRAST, element) >= 4.5, (element, is_dark)
        # Pictures take the scheme's colours too, without loading the page again.
        ink = "return document.querySelector('[data-chart=layers]').layout.font.color"
        assert browser.execute_script(ink) == ("#eceff2" if is_dark else "#1b1f24")


def test_hostile_names_are_text(show: Open) -> None:
    browser = show(render_html(hostile()))
    browser.execute_script(f"document.querySelector('{ROWS}').click()")
    browser.execute_script(
        "Plotly.Fx.hover(document.querySelector('[data-chart=layers]'), "
        "[{curveNumber: 1, pointNumber: 0}])"
    )
    assert browser.title != "broken"
    assert browser.find_elements("css selector", "img[src], b img, main script:not([type])") == []
    # U+2028 is shown escaped; everything else as it is.
    assert HOSTILE.replace("\u2028", "\\u2028") in browser.find_element("tag name", "h1").text
    assert "<b>" in browser.find_element("css selector", ".detail").text


def test_the_policy_stops_what_escaping_would_have_missed(browser: Any, tmp_path: Path) -> None:
    attack = (
        '<img src="https://example.invalid/x.png">'
        '<img src="data:," onerror="document.title=\'broken\'">'
        "<script>document.title = 'broken'</script></main>"
    )
    file = tmp_path / "page.html"
    file.write_text(page("t5_encoder").replace("</main>", attack))
    browser.get_log("browser")
    browser.get(file.as_uri())
    refused = [entry["message"] for entry in browser.get_log("browser")]
    assert browser.title == "t5_encoder - trtcore"
    for what in ("example.invalid", "inline script", "inline event handler"):
        assert any(what in message.lower() for message in refused), refused


def test_without_script_the_figures_are_there(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(page("t5_encoder"))
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(file.as_uri())
        nodes = accessible(browser)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    text = "\n".join(name for name, _ in nodes)
    assert "takes 0.2525 ms" in text
    assert "16 of 47 layers are 51 % of the time" in text
    assert "This picture needs JavaScript" in text
    # A screen reader finds a row heading for each layer, and its total.
    assert sum(role == "rowheader" for _, role in nodes) >= 48


def accessible(browser: Any) -> list[tuple[str, str]]:
    """Names and roles of what a screen reader finds, once the browser has all of the page."""
    nodes: list[tuple[str, str]] = []
    for _ in range(60):
        tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        before, nodes = (
            nodes,
            [
                (one.get("name", {}).get("value", ""), one.get("role", {}).get("value", ""))
                for one in tree
            ],
        )
        # It grows while the page is parsed; twice the same is the end.
        if len(nodes) > 1 and nodes == before:
            break
        time.sleep(0.3)
    return nodes


def test_prints_to_pdf_on_several_pages_with_every_layer(show: Open) -> None:
    browser = show(page("t5_encoder"), is_dark=True)
    pdf = base64.b64decode(browser.print_page())
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page/") >= 3
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    # The page hears of it a moment later.
    unfold = (
        "const done = arguments[0], parts = [...document.querySelectorAll('details')]; "
        "const look = () => parts.every(d => d.open) ? done() : setTimeout(look, 50); look()"
    )
    browser.execute_async_script(unfold)
    heights = (
        "const t = document.querySelector('.scroll.tall'); "
        "return [t.clientHeight, t.scrollHeight, getComputedStyle(document.body).backgroundColor]"
    )
    client, whole, paper = browser.execute_script(heights)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert client == whole
    assert paper == "rgb(255, 255, 255)"


@pytest.mark.slow
def test_five_thousand_layers_can_be_used(show: Open) -> None:
    browser = show(render_html(large(5000, 1000)))
    browser.find_element("css selector", "[data-filter=text]").send_keys("encoder_layer_416/")
    assert browser.execute_script(SHOWN) == 8
    browser.execute_script(f"document.querySelectorAll('{ROWS}')[4999].click()")
    assert "4999: " in browser.find_element("css selector", ".detail h3").text


_CONTRAST = """
const light = (rgb) => {
  const [r, g, b] = rgb.match(/[\\d.]+/g).slice(0, 3).map(Number).map((c) => {
    const s = c / 255;
    return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
let element = document.querySelector(arguments[0]);
const ink = light(getComputedStyle(element).color);
const behind = (of) => getComputedStyle(of).backgroundColor;
while (behind(element) === "rgba(0, 0, 0, 0)") element = element.parentElement;
const paper = light(behind(element));
return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
"""
