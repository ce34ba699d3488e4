"""Cost and findings in reports: whole texts, columns, and what is left out."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest
from findings_evidence import convolution, profile_of, timed
from networks import measured_with_work

from trtcore.report.content.facts.cost import cost_facts, peaks_text
from trtcore.report.content.facts.findings import finding_facts, finding_text
from trtcore.report.content.rows.costs import LayerCosts
from trtcore.report.export.csv import render_csv
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.analysis.findings.finding import Finding, FindingKind
from trtcore.result.records.peaks import Peaks, PeakSource, ProductPeak
from trtcore.result.saved import dump_profile, parse_profile

PARTS = [*(convolution(i) for i in range(5)), convolution(5, (60, 64))]
PROFILE = timed(profile_of(PARTS, [0.4] * 5 + [4.0]), wall_ms=7.0, graph_wall_ms=6.0)
H200 = parse_peaks("fp16=989,fp32=67,bandwidth=4800")


def test_the_cost_block_in_full() -> None:
    assert cost_facts(Analysis(PROFILE)) == (
        (
            "Work",
            "60.00 GMAC and 120.00 GFLOP an iteration of batch 1; 1.20 kB of weights and 97.79 kB "
            "of tensors read and written",
        ),
        ("Peaks", "fp16 100 TFLOP/s, fp32 100, 1000 GB/s, as given"),
        (
            "Cost",
            "20% of the peaks: 20 TFLOP/s and 0.0165 GB/s over the layer time; of that time 100% "
            "compute-bound, 0% memory-bound, 0% latency-bound",
        ),
    )


def test_without_peaks_the_way_to_them_is_told_and_without_work_why_not() -> None:
    assert cost_facts(Analysis(replace(PROFILE, peaks=None)))[1:] == (
        (
            "Peaks",
            "not measured; for percent of peak profile with peak='measure': some seconds, once",
        ),
    )
    nodes = tuple(replace(node, work=None) for node in PROFILE.model.nodes)
    bare = replace(PROFILE, model=replace(PROFILE.model, nodes=nodes))
    assert cost_facts(Analysis(bare)) == (
        (
            "Work",
            "not known, so that there is no percent of peak: a result has it of a model that was "
            "profiled from its file, by trtcore 0.2 or later",
        ),
    )
    # Nobody asked: there are no peaks, or those of the cache.
    measured = Peaks(PeakSource.MEASURED, (ProductPeak("fp16", 700.0),), 4000.0)
    for peaks in (None, measured):
        assert cost_facts(Analysis(replace(bare, peaks=peaks))) == ()
    some = replace(
        PROFILE, model=replace(PROFILE.model, nodes=(*PROFILE.model.nodes[:5], nodes[5]))
    )
    assert cost_facts(Analysis(some))[0][1].startswith("at least 50.00 GMAC")


def test_a_missing_peak_is_said() -> None:
    profile = replace(PROFILE, peaks=parse_peaks("fp32=10,bandwidth=1000"))
    assert dict(cost_facts(Analysis(profile)))["Cost"] == (
        "20 TFLOP/s and 0.0165 GB/s over the layer time; the peak of a type or the bandwidth is "
        "not known"
    )


def test_measured_peaks_name_the_device_and_its_clock() -> None:
    peaks = Peaks(
        PeakSource.MEASURED, (ProductPeak("fp32", 58.13),), 4123.4, device="A GPU", sm_mhz=1980
    )
    assert peaks_text(peaks) == "fp32 58.1 TFLOP/s, 4123 GB/s, measured on A GPU at 1980 MHz"


def test_the_first_findings_in_full_and_the_rest_on_request() -> None:
    analysis = Analysis(PROFILE)
    slow = (
        "Below its neighbours",
        "3.6000 ms (51.4%), at most, estimated: 1 group (4.0000 ms) behind the others of the "
        "type, most c5: 5.0% of its peak, where 5 others reach 50.0% (median); look at tactic and "
        "shapes with inspect",
    )
    graph = (
        "CUDA graph",
        "1.0000 ms (14.3%), measured: an iteration takes 7.0000 ms enqueued and 6.0000 ms as a "
        "CUDA graph; launch one instead, as trtexec does with --useCudaGraph",
    )
    heading = ("Findings", "2, the largest saving first")
    assert finding_facts(analysis) == (heading, slow, graph)


def test_more_than_three_findings_are_counted() -> None:
    many = [
        Finding(FindingKind.SLOW, 1.0, numbers=(1.0, float(i), 0.1, 0.5, 4.0), names=("a",))
        for i in range(5)
    ]
    analysis = Analysis(PROFILE)
    analysis.findings = tuple(many)
    heading, *shown = finding_facts(analysis)
    assert heading == ("Findings", "3 of 5, the largest saving first; all with findings=True")
    assert [label for label, _ in shown] == ["Below its neighbours"] * 3
    heading, *shown = finding_facts(analysis, all_of_them=True)
    assert heading == ("Findings", "5, the largest saving first")
    assert len(shown) == 5


def test_no_findings_are_no_lines_and_one_needs_no_order() -> None:
    analysis = Analysis(PROFILE)
    analysis.findings = ()
    assert finding_facts(analysis) == ()
    analysis.findings = (Finding(FindingKind.CUDA_GRAPH, 1.0, numbers=(7.0, 6.0)),)
    assert finding_facts(analysis)[0] == ("Findings", "1, with what it could save")


def test_a_graph_of_several_processes_tells_how_far_they_lie_apart() -> None:
    numbers = (0.7652, 0.4938, 0.2089, 0.6395, 5.0)
    finding = Finding(FindingKind.CUDA_GRAPH, 0.2715, numbers=numbers, is_measured=True)
    assert finding_text(finding, 0.7652) == (
        "0.2715 ms (35.5%), measured: an iteration takes 0.7652 ms enqueued and 0.4938 ms as a "
        "CUDA graph, 0.2089 to 0.6395 ms less in 5 processes; launch one instead, as trtexec does "
        "with --useCudaGraph"
    )


@pytest.mark.parametrize("kind", FindingKind)
def test_every_kind_has_a_sentence_with_its_figures(kind: FindingKind) -> None:
    names = ("io_formats", "x:hwc8", "conv")
    names = names if kind is FindingKind.IO_REFORMAT else ("conv", "Half", "relu")
    text = finding_text(Finding(kind, 0.5, numbers=(2.0, 0.25, 8.0, 60.0, 64.0)[: SIZES[kind]],
                                names=names), 1.0)  # fmt: skip
    assert text.startswith("0.5000 ms (50.0%), at most, estimated: ")
    assert "0.25" in text or "25.0%" in text
    assert "\n" not in text


# How many numbers `FindingKind` documents for each.
SIZES = {
    FindingKind.CUDA_GRAPH: 2,
    FindingKind.GAPS: 2,
    FindingKind.LARGER_BATCH: 4,
    FindingKind.IO_REFORMAT: 2,
    FindingKind.REFORMAT: 3,
    FindingKind.PADDING: 5,
    FindingKind.QUANTIZATION: 3,
    FindingKind.FALLBACK: 3,
    FindingKind.PINNED: 3,
    FindingKind.STREAMS: 3,
    FindingKind.HOST_COPIES: 3,
    FindingKind.CHANNELS: 5,
    FindingKind.WEIGHTS: 4,
    FindingKind.SLOW: 5,
    FindingKind.OPAQUE: 3,
}


def test_columns_are_there_on_request_and_add_up() -> None:
    plain = render_table(PROFILE, top=2)
    assert "of peak" not in plain
    table = render_table(PROFILE, top=2, sort="time", cost=True).split("\n\n")[1].splitlines()
    assert table[0].split() == (
        "Layer median ms share of peak bound by p95 ms min ms".split()  # noqa: SIM905
    )
    assert table[1].split() == ["c5", "4.0000", "66.7%", "5%", "compute", "-", "4.0000"]
    assert table[3].split() == ["4", "further", "layers", "1.6000", "26.7%", "50%"]
    assert table[4].split() == ["Time", "over", "all", "layers", "6.0000", "100.0%", "20%"]


@pytest.mark.parametrize("name", ["vit_b_16", "swin_t"])
@pytest.mark.parametrize("level", ["layer", "node", "block", "type"])
def test_on_measured_networks_every_grouping_has_the_networks_total(name: str, level: str) -> None:
    analysis = Analysis(replace(measured_with_work(name), peaks=H200))
    assert analysis.cost is not None
    text = render_table(analysis, group_by=level, cost=True)
    total = next(line for line in text.splitlines() if line.startswith("Time over all"))
    assert total.split()[-1] == f"{analysis.cost.share_of_peak:.0%}"
    costs = LayerCosts(analysis)
    least = costs.least_ms(range(len(analysis.rows)))
    assert least == pytest.approx(analysis.cost.least_ms)


def test_csv_has_each_group_on_the_line_of_its_first_layer() -> None:
    analysis = Analysis(replace(measured_with_work("vit_b_16"), peaks=H200))
    assert analysis.cost is not None
    lines = list(csv.DictReader(render_csv(analysis).splitlines()))
    macs = [int(line["macs"]) for line in lines if line["macs"]]
    assert len(macs) == len(analysis.cost.groups)
    assert sum(macs) == analysis.cost.macs
    assert {line["bound_by"] for line in lines} == {"", "compute", "latency"}
    assert all(line["group"] for line in lines)
    (conv,) = (line for line in lines if line["group"] == "0" and line["macs"])
    assert (conv["weight_bytes"], conv["bound_by"]) == ("1181184", "compute")


def test_a_saved_result_needs_no_gpu_for_any_of_it() -> None:
    read = parse_profile(dump_profile(PROFILE))
    assert render_table(read, cost=True, findings=True) == (
        render_table(PROFILE, cost=True, findings=True)
    )
