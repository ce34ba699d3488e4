"""What the pictures of the HTML report show: labels, colours, times and clocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_made_profiles import make_profile
from html_pages import page, two
from networks import measured

from trtcore.report.content.times.steps import latency_steps
from trtcore.report.html.page import render_html
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import Layer
from trtcore.system.records import RoundClocks

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


def luminance(colour: str) -> float:
    """The relative luminance of ``rgb(1, 2, 3)``."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


def test_times_at_a_logarithmic_axis_are_written_in_full(show: Open) -> None:
    """Plotly's own labels between two powers of ten have the digit alone."""
    browser = show(two())
    chart = browser.find_element("css selector", "[data-chart=points]")
    drawn = chart.find_elements("css selector", ".xtick text, .ytick text")
    times = {float(label.text) for label in drawn}
    shares = [float(f"{time:e}".partition("e")[0]) for time in times]
    assert times
    assert set(shares) <= {1, 2, 5}
    assert max(times) < 1  # of any layer of a ViT in ms: a digit alone would be 1 or more


@pytest.mark.parametrize("width", [390, 700, 900, 1010, 1030, 1280])
def test_every_step_to_the_latency_is_named(show: Open, width: int) -> None:
    """Twelve steps, as with CUPTI: in a window of a tablet's width the last ones had no name."""
    steps = latency_steps(Analysis(measured("swin_t_changed")))
    assert len(steps) == 12
    browser = show(page("swin_t_changed"), width=width)
    labels = browser.find_elements(
        "css selector", "[data-chart=steps] .xtick text, [data-chart=steps] .ytick text"
    )
    drawn = [label.text for label in labels]
    assert {step.label for step in steps} <= set(drawn)


def test_layers_below_a_microsecond_have_no_si_prefix(show: Open) -> None:
    """600u beside ms would read as a thousandth of what it is; and no way leads from one sum."""
    layers = [Layer("a"), Layer("b")]
    browser = show(render_html(make_profile(layers, [[0.0006, 0.0004]])))
    labels = browser.find_elements("css selector", "[data-chart=layers] .ytick text")
    assert [label.text for label in labels][-1] == "0.0006"
    assert not browser.find_element("css selector", "[data-chart=steps]").is_displayed()


@pytest.mark.parametrize("is_dark", [False, True])
def test_names_in_blocks_stand_out_from_their_colour(show: Open, is_dark: bool) -> None:
    """At least 4.5 to 1, which the Web Content Accessibility Guidelines ask of text."""
    browser = show(page("resnet50"), is_dark=is_dark)
    drawn = browser.execute_script("""
    return [...document.querySelectorAll('[data-chart=blocks] .slice')].map((slice) => [
      getComputedStyle(slice.querySelector('path.surface')).fill,
      getComputedStyle(slice.querySelector('text')).fill]);
    """)
    assert len(drawn) > 5
    for back, ink in drawn:
        light, dark = sorted((luminance(back), luminance(ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (back, ink)


def test_blocks_hold_the_time_of_their_layers(show: Open) -> None:
    browser = show(page("t5_encoder"))
    chart = "const t = document.querySelector('[data-chart=blocks]').data[0]; "
    ids, parents, values = browser.execute_script(chart + "return [t.ids, t.parents, t.values]")
    rows = Analysis(measured("t5_encoder")).rows
    own = {one: value for one, value in zip(ids, values, strict=True) if one.startswith("layer")}
    assert list(own) == sorted(own, key=lambda one: int(one.split()[1]))
    assert list(own.values()) == pytest.approx([row.corrected_ms for row in rows], rel=5e-5)
    # Sums are plotly's: nothing but layers has a value.
    assert sum(values) == pytest.approx(sum(own.values()))
    assert set(parents) <= {"", *ids}
    drawn = browser.find_element("css selector", "[data-chart=blocks]").text
    assert "block.5" in drawn


def test_clocks_of_the_rounds_lie_behind_the_times(show: Open) -> None:
    vit = measured("vit_b_16")
    rounds = tuple(RoundClocks(8, 1980 - 15 * i, 40 + i) for i in range(5))
    clocks = replace(vit.environment.clocks, rounds=rounds)
    there = replace(vit, environment=replace(vit.environment, clocks=clocks))
    browser = show(render_html(there))
    script = """
    const { data } = document.querySelector("[data-chart=series]");
    return data.map((trace) => [trace.name, trace.x.length, trace.y.at(-1)]);
    """
    (_, count, _), *found = browser.execute_script(script)
    assert count == sum(one.iterations for one in rounds)
    assert found == [["SM clock", 6, 1920], ["40 to 44 °C", 6, 44]]
