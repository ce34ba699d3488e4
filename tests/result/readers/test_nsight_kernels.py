"""Nsight Systems' summary of kernels: rows of a profile that belong to no layer."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trtcore.errors import ResultError
from trtcore.report.content.warnings import profile_warnings
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.readers.load import load_baseline
from trtcore.result.readers.nsight_kernels import is_kernel_summary, parse_kernel_summary

HEAD = "Time (%),Total Time (ns),Instances,Avg (ns),Med (ns),Min (ns),Max (ns),StdDev (ns),Name"
REPORT = f"""\
Processing [report1.sqlite] with [cuda_gpu_kern_sum.py]...

 ** CUDA GPU Kernel Summary (cuda_gpu_kern_sum):

{HEAD}
60.0,600000,200,3000.0,2990.0,2900,3500,12.5,"void gemm<float, 2>(int, float*)"
40.0,400000,100,4000.0,3990.0,3900,4500,12.5,__myl_Move_0xc0
\u0020
Time (%),Total Time (ns),Count,Operation
100.0,5,1,memcpy
"""


def test_kernels_are_rows(tmp_path) -> None:
    path = tmp_path / "kernels.csv"
    path.write_text(REPORT)
    profile = load_baseline(path)
    assert [(layer.name, layer.kind, layer.nodes) for layer in profile.layers] == [
        ("void gemm<float, 2>(int, float*)", "kernel", ()),
        ("__myl_Move_0xc0", "kernel", ()),
    ]
    assert profile.samples.layer_ms.tolist() == [pytest.approx([0.006, 0.004])]
    assert (profile.source_tool, profile.counts.measured) == ("nsys", 100)
    assert profile_warnings(Analysis(profile))[0] == (
        "taken as 100 inferences, the largest number that divides how often each kernel ran"
    )


@pytest.mark.parametrize(
    "row", ["60.0,600000", "60.0,many,1,1,1,1,1,1,k", "60.0,1,1.5,1,1,1,1,1,k"]
)
def test_damaged_rows(row: str) -> None:
    with pytest.raises(ResultError, match=r"^n: kernel '.*' has no whole row of figures; export"):
        parse_kernel_summary(f"{HEAD}\n{row}\n", "n")


def test_no_rows() -> None:
    with pytest.raises(ResultError, match=r"^n: no layer times in it$"):
        parse_kernel_summary(f"{HEAD}\n", "n")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1))
def test_any_name_is_kept(names: list[str]) -> None:
    names = [*names, "a\u2028b"]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerows([[50, 2_000_000, 2, 1, 1, 1, 1, 1, name] for name in names])
    text = f"{HEAD}\n{text.getvalue()}"
    assert is_kernel_summary(text)
    profile = parse_kernel_summary(text)
    assert [layer.name for layer in profile.layers] == names
    assert profile.samples.layer_ms.tolist() == [[1.0] * len(names)]
