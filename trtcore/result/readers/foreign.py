"""What a file is that holds no layer times: for a message that says more than "not this".

Each is recognised by something that the tool always writes. The order matters where one text
could be two of them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from trtcore.errors import argument


class ForeignFile(NamedTuple):
    """A file of another tool that cannot be a profile.

    Attributes:
        pattern: found in its first part (`HEAD_CHARACTERS`).
        name: what it is, with its article.
        way_out: what to give instead; names in braces stand for
            arguments (`explained`).
    """

    pattern: re.Pattern[str]
    name: str
    way_out: str


HEAD_CHARACTERS = 65536
"""How much of a text is searched: every pattern stands in the first rows of its file."""

FOREIGN_FILES: tuple[ForeignFile, ...] = (
    ForeignFile(
        re.compile(r'"(?:Layers|LayerInfo)"\s*:\s*\[|^\s*\[\s*\{\s*"Name"\s*:'),
        "what trtexec --exportLayerInfo wrote",
        "it belongs to {layer_info}, beside the profile that trtexec --exportProfile writes",
    ),
    ForeignFile(
        re.compile(r'"traceEvents"\s*:|"ph"\s*:\s*"[BEX]"'),
        "a Chrome trace",
        "a trace holds no times of one network's layers",
    ),
    ForeignFile(
        re.compile(r"^\W*Time \(%\),Total Time \(ns\),", re.M),
        "another summary of Nsight Systems than cuda_gpu_kern_sum",
        "give the CSV of its report cuda_gpu_kern_sum",
    ),
    ForeignFile(
        re.compile(r"\*\* .* Summary \([a-z_]+\):|^\s*Time \(%\)\s+Total Time \(ns\)\s", re.M),
        "a summary of Nsight Systems as a table",
        "give its report cuda_gpu_kern_sum as CSV",
    ),
    ForeignFile(
        re.compile(r'^"ID","Process ID","Process Name",', re.M),
        "a report of Nsight Compute",
        "its counters are of kernels that ran alone; give Nsight Systems' cuda_gpu_kern_sum as CSV",
    ),
    ForeignFile(
        re.compile(r"^\s*Name\s+Self CPU(?: %| total)", re.M),
        "a table of PyTorch's profiler (key_averages)",
        "give the trace that export_chrome_trace writes",
    ),
    ForeignFile(
        re.compile(r"^layerName;execStatus;layerType;", re.M),
        "a performance report of OpenVINO",
        "layers of OpenVINO are not read; profile the model with trtcore",
    ),
    ForeignFile(
        re.compile(r"^Operator-wise Profiling Info|^=+ Run Order =+", re.M),
        "a report of TensorFlow Lite's benchmark",
        "layers of TensorFlow Lite are not read; profile the model with trtcore",
    ),
    ForeignFile(
        re.compile(r"^SQLite format 3\0"),
        "a database",
        "of Nsight Systems, give its report cuda_gpu_kern_sum as CSV",
    ),
    ForeignFile(
        re.compile(
            r"RUNNING TensorRT\.trtexec|=== (?:(?:Model|Inference) Options|Performance summary) ==="
        ),
        "a log of trtexec without layer times",
        "run trtexec with --dumpProfile, or give what its --exportProfile writes",
    ),
    ForeignFile(
        re.compile(r"^={5,} .* profile ={5,}", re.M),
        "the table of TensorRT's later samples (SimpleProfiler)",
        "profile the engine with trtcore or with trtexec --exportProfile",
    ),
    ForeignFile(
        re.compile(r"^\s*(?:<!DOCTYPE html|<html\b)", re.IGNORECASE),
        "an HTML page",
        "give the file itself: a link may lead to a page about it",
    ),
    ForeignFile(
        re.compile(r"^Node Name\s+Ops\s+Time\(us\)", re.M),
        "a table of TVM's debug executor",
        "layers of TVM are not read; profile the model with trtcore",
    ),
    ForeignFile(
        re.compile(r"^\[I\] .*\| (?:Average inference time|Completed \d+ iteration)", re.M),
        "a log of Polygraphy",
        "it holds times of whole passes, not of layers",
    ),
    ForeignFile(
        re.compile(r"^\*\*PERF:", re.M),
        "a log of DeepStream",
        "it holds frames per second, not times of layers",
    ),
    ForeignFile(
        re.compile(r"^\[TRT\]\s+(?:Timing Report|Total\s+CPU)", re.M),
        "a timing report of jetson-inference",
        "it holds times of whole passes, not of layers",
    ),
)


def foreign_file(text: str) -> ForeignFile | None:
    """What a text is by what another tool always writes; None if it is none of these."""
    head = text[:HEAD_CHARACTERS]
    return next((kind for kind in FOREIGN_FILES if kind.pattern.search(head)), None)


def explained(kind: ForeignFile) -> str:
    """What the file is and what to give instead; arguments named as the caller knows them."""
    way_out = kind.way_out.format(layer_info=argument("layer_info"))
    return f"is {kind.name}, which is no profile: {way_out}"
