"""CSV: whole text, quoting, and the way back."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from trtcore.errors import ResultError
from trtcore.report.export.csv import COLUMNS, render_csv, write_csv
from trtcore.result.analysis.memory import output_bytes
from trtcore.result.analysis.summary import summarise_layers

CPU_CSV = """\
index,name,kind,nodes,tactic,stream,median_ms,share,p95_ms,min_ms,mean_ms,low_ms,high_ms,corrected_ms,below_resolution,group,macs,flops,weight_bytes,read_bytes,written_bytes,peak_share,bound_by,output_bytes
0,swish (HardSigmoid),HardSigmoid,swish,,,1.5,0.075,,1.485,1.5,1.488,1.512,,,,,,,,,,,
1,swish (Mul),Mul,swish,,,0.5,0.025,,0.495,0.5,0.496,0.504,,,,,,,,,,,
2,fc,Gemm,fc,,,18.0,0.9,,17.82,18.0,17.856,18.144,,,,,,,,,,,
"""


def test_whole_text(cpu_profile):
    assert render_csv(cpu_profile) == CPU_CSV


def test_corrected_times_are_a_column_of_their_own(gpu_profile):
    samples = replace(gpu_profile.samples, gated_ms=gpu_profile.samples.gpu_ms / 2)
    profile = replace(gpu_profile, samples=samples)
    lines = list(csv.DictReader(render_csv(profile).splitlines()))
    rows = summarise_layers(profile)
    corrected = np.float32([line["corrected_ms"] for line in lines])
    assert corrected.tolist() == np.float32([row.corrected_ms for row in rows]).tolist()
    assert any(row.corrected_ms < row.median_ms for row in rows)
    assert [line["below_resolution"] for line in lines] == ["1", "0", "0", "0", "1", "1"]


def test_figures_survive_exactly_and_markers_are_rows(gpu_profile, tmp_path):
    write_csv(gpu_profile, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    rows = summarise_layers(gpu_profile)
    assert len(lines) == len(rows) == 6
    assert np.float32([line["median_ms"] for line in lines]).tolist() == (
        np.float32([row.median_ms for row in rows]).tolist()
    )
    assert np.float32([line["share"] for line in lines]).tolist() == (
        np.float32([row.share for row in rows]).tolist()
    )
    assert [line["kind"] for line in lines[2:4]] == ["signal", "wait"]
    assert lines[4]["nodes"] == " + ".join(rows[4].layer.nodes)
    assert lines[0]["tactic"] == "__myl_MoveConc_0xc074"
    assert set(lines[0]) == set(COLUMNS)


def test_names_with_commas_quotes_and_newlines(cpu_profile):
    name = 'a, "b"\nc'
    layers = (replace(cpu_profile.layers[0], name=name), *cpu_profile.layers[1:])
    text = render_csv(replace(cpu_profile, layers=layers))
    assert next(csv.DictReader(text.splitlines(keepends=True)))["name"] == name


def test_path_that_cannot_be_written(cpu_profile, tmp_path):
    with pytest.raises(ResultError, match="is a directory"):
        write_csv(cpu_profile, tmp_path)


def test_what_a_layer_writes_is_the_last_column(gpu_profile):
    lines = list(csv.DictReader(render_csv(gpu_profile).splitlines()))
    assert [line["output_bytes"] for line in lines] == [
        "" if (size := output_bytes(layer.outputs)) is None else str(size)
        for layer in gpu_profile.layers
    ]
    assert any(line["output_bytes"] for line in lines)
