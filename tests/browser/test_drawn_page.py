"""Pages of sweeps and histories in a real browser: pictures, the choice of a figure, links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from html_results import HOSTILE

from trtcore.cli.sweep_page import render_sweep
from trtcore.report.html.drawn import DrawnSection, LinkedRow, LinkedTable, Picture, render_drawn
from trtcore.sweeps.store import Record
from trtcore.sweeps.table import Figure, ModelTable, Row, SweepTable, judged

pytestmark = pytest.mark.browser
Open = Callable[..., Any]
CHART = "document.querySelector('[data-chart={}]')"


def table(name: str = "net.onnx") -> SweepTable:
    rows = []
    for i, (batch, precision) in enumerate((b, p) for b in (1, 4, 16) for p in ("fp32", name)):
        latency = batch**0.7 * (2 if precision == "fp32" else 1)
        figures = {
            "latency_ms": Figure(latency, latency * 0.99, latency * 1.01),
            "items_per_s": Figure(*[1000 * batch / latency] * 3),
            "error": Figure(*[0.0 if precision == "fp32" else 1e-3] * 3),
        }
        record = Record(f"{i:016x}", name, "d", {"batch": batch, "precision": precision})
        rows.append(Row(record, figures, precision=precision, batch=batch))
    return SweepTable("out", (ModelTable(name, name, "TensorRT 11", judged(rows)),))


def history(name: str) -> str:
    runs = [
        {"words": name, "short": name, "ms": 1 + i / 9, "low": 1.0, "high": 2.0, "change": ""}
        for i in range(30)
    ]
    runs[3]["change"] = name
    rows = tuple(LinkedRow(name, "", (name,)) for _ in runs)
    picture = Picture("trend", name, name)
    made = LinkedTable(name, ("run", "ms"), rows)
    section = DrawnSection(name, name, (), (), (picture,), made, (), {"runs": runs})
    return render_drawn(name, [section])


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("is_dark", [False, True])
def test_every_picture_is_drawn_and_nothing_is_wider_than_the_window(
    show: Open, width: int, is_dark: bool
) -> None:
    for page, count in ((render_sweep(table(), {}), 3), (history("main"), 1)):
        browser = show(page, width=width, is_dark=is_dark)
        charts = browser.find_elements("css selector", "figure:not([hidden]) [data-chart]")
        drawn = [chart.find_elements("css selector", "svg.main-svg") for chart in charts]
        assert (len(charts), all(drawn)) == (count, True)
        reach = "return document.documentElement.scrollWidth <= window.innerWidth"
        assert browser.execute_script(reach)


def test_names_are_texts_in_pictures_too(show: Open) -> None:
    for page in (render_sweep(table(HOSTILE), {}), history(HOSTILE)):
        browser = show(page)
        assert browser.title != "broken"
        # Three for cells, one for runs; plotly's own elements have no image.
        assert browser.find_elements("css selector", "[data-chart] img, main b img") == []


def test_the_chosen_figure_is_what_the_pictures_show(show: Open) -> None:
    browser = show(render_sweep(table(), {}))
    values = f"return {CHART.format('lines')}.data[0].y"
    rows = table().models[0].rows
    latency = sorted(r.figures["latency_ms"].value for r in rows if r.precision == "net.onnx")
    assert browser.execute_script(values) == pytest.approx(latency)
    field = browser.find_element("css selector", "[data-choice]")
    field.find_element("xpath", ".//option[text()='items/s']").click()
    per_s = sorted(r.figures["items_per_s"].value for r in rows if r.precision == "net.onnx")
    assert browser.execute_script(values) == pytest.approx(per_s)
    heat = f"return {CHART.format('heat')}.data[0].text.flat().filter(Boolean).length"
    assert browser.execute_script(heat) == len(rows)
    # All errors of one precision are 0, which a logarithmic scale does not have.
    field.find_element("xpath", ".//option[text()='error']").click()
    assert browser.execute_script(f"return {CHART.format('lines')}.data.length") == 1
    assert browser.execute_script(heat) == len(rows)


def test_a_click_on_a_cell_opens_its_report(show: Open) -> None:
    rows = table().models[0].rows
    browser = show(render_sweep(table(), {row.record.key: f"#{row.record.key}" for row in rows}))
    cell = browser.execute_script(
        f"const chart = {CHART.format('heat')};"
        "const [z, links] = [chart.data[0].z, chart.data[0].customdata];"
        "chart.emit('plotly_click', { points: [{ customdata: links[1][2] }] });"
        "return [z.length, z[0].length, links[1][2]];"
    )
    assert cell[:2] == [2, 3]
    assert browser.current_url.endswith(cell[2])
    links = browser.find_elements("css selector", "tbody th a")
    assert [one.get_attribute("href").rpartition("#")[2] for one in links] == [
        row.record.key for row in rows
    ]
