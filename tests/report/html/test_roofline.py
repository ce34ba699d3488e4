"""The roofline: every group with work is a point below the peaks, and says what bounds it."""

from __future__ import annotations

import pytest
from html_results import with_cost
from networks import measured

from trtcore.report.content.rows.details import layer_details
from trtcore.report.html.page import render_html
from trtcore.report.html.roofline import cost_section, roofline_data
from trtcore.result.analysis.analysis import Analysis


@pytest.fixture(scope="module")
def resnet() -> Analysis:
    return Analysis(with_cost("resnet50"))


def test_the_points_are_the_groups_and_lie_where_their_work_and_time_say(resnet: Analysis) -> None:
    data = roofline_data(resnet)
    assert data is not None
    assert data["peaks"] == [("fp16", 750.0), ("fp32", 60.0)]
    assert data["bandwidth"] == 4200.0
    groups = [group for group in resnet.cost.groups if group.work.flops]
    for group, (_, per_byte, tflops, ms, bound) in zip(groups, data["points"], strict=True):
        assert ms == pytest.approx(group.ms, rel=5e-5)  # five digits
        assert tflops == pytest.approx(group.work.flops / 1e9 / group.ms, rel=5e-5)
        assert per_byte == pytest.approx(group.work.flops / group.work.moved_bytes, rel=5e-5)
        assert bound == group.bound.value
        # Bytes from a cache can be quicker than the memory, operations not than the peak.
        assert tflops < 750


def test_the_table_has_a_row_for_each_group(resnet: Analysis) -> None:
    section = cost_section(resnet)
    assert section is not None
    assert section.chart == "roofline"
    assert [label for label, _ in section.facts] == ["Work", "Peaks", "Cost"]
    assert section.table is not None
    assert len(section.table.rows) == len(resnet.cost.groups)
    assert all(len(row) == len(section.table.headings) for row in section.table.rows)
    assert sum(float(row[2]) for row in section.table.rows) == pytest.approx(
        resnet.cost.flops / 1e9, abs=0.0005 * len(section.table.rows)
    )


def test_a_layer_tells_its_part_of_the_peaks(resnet: Analysis) -> None:
    costs = [dict(one.facts).get("Cost", "") for one in layer_details(resnet)]
    assert any(text.endswith("% of the peaks, compute-bound") for text in costs)


def test_without_work_or_peaks_there_is_neither() -> None:
    analysis = Analysis(measured("resnet50"))
    assert cost_section(analysis) is None
    assert roofline_data(analysis) is None
    assert 'id="r0-cost"' not in render_html(measured("resnet50"))
