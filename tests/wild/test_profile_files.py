"""Logs and profiles of other tools as people have them: coloured, prefixed, cut off, of others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from trtcore.result.readers.load import load_baseline

Command = Callable[..., tuple[int, str]]
INFO = "[01/02/2026-03:04:09] [I] "
NEW = f"""\
{INFO}=== Profile (100 iterations ) ===
{INFO}   Time(ms)     Avg.(ms)   Median(ms)   Time(%)   Layer
{INFO}      10.0       0.1000       0.0990      33.3   conv1 + relu1
{INFO}      20.0       0.2000       0.1980      66.7   fc
{INFO}      30.0       0.3000       0.2970     100.0   Total
{INFO}
"""
BARE = re.sub(r"^\[.*?\[I\] ", "", NEW, flags=re.M)
OLD = f"""\
{INFO}=== Profile (100 iterations ) ===
{INFO}           Layer   Time (ms)   Avg. Time (ms)   Median Time (ms)   Time %
{INFO}   conv1 + relu1       10.00           0.1000             0.0990     33.3
{INFO}              fc       20.00           0.2000             0.1980     66.7
{INFO}           Total       30.00           0.3000             0.2970    100.0
"""


def before_each(prefix: str, text: str = NEW) -> str:
    return "".join(f"{prefix}{line}\n" for line in text.splitlines())


def among_rows(line: str) -> str:
    return NEW.replace(f"{INFO}      20.0", f"{line}\n{INFO}      20.0")


FORMS = {
    "8.6 on": NEW,
    "up to 8.5": OLD,
    "without prefixes": BARE,
    "lines of Windows": NEW.replace("\n", "\r\n"),
    "PowerShell": NEW.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + NEW.encode(),
    "coloured lines": re.sub(r"^(.*)$", "\x1b[0;32m\\1\x1b[0m", NEW, flags=re.M),
    "coloured levels": NEW.replace("[I]", "\x1b[32m[I]\x1b[0m"),
    "erased lines": before_each("\x1b[2K"),
    "docker compose": before_each("trt-1  | "),
    "GitHub Actions": before_each("2026-01-02T03:04:09.1234567Z "),
    "Kubernetes": before_each("2026-01-02T03:04:09.123456789Z stdout F "),
    "journald": before_each("Jan 02 03:04:09 host trtexec[123]: "),
    "docker compose, without prefixes": before_each("trt-1  | ", BARE),
    "journald, without prefixes": before_each("Jan 02 03:04:09 host trtexec[123]: ", BARE),
    "Python's logging": before_each("INFO:root:", BARE),
    "seconds since the start": "".join(
        f"[{9.5 + place:9.6f}] {line}\n" for place, line in enumerate(BARE.splitlines())
    ),
    "line numbers": "".join(f"{9 + i}: {line}\n" for i, line in enumerate(BARE.splitlines())),
    "a message of TensorRT among the rows": among_rows(
        f"{INFO[:-4]}[V] [TRT] Deleting timing cache"
    ),
    "a warning among the rows": among_rows(f"{INFO[:-4]}[W] * GPU compute time is unstable"),
    "a whole log": f"&&&& RUNNING TensorRT.trtexec\n{INFO}=== Model Options ===\n{NEW}&&&& PASSED",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_log_of_trtexec(tmp_path: Path, form: str) -> None:
    path, text = tmp_path / "log.txt", FORMS[form]
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    profile = load_baseline(path)
    assert [layer.name for layer in profile.layers] == ["conv1 + relu1", "fc"]
    assert profile.samples.layer_ms.tolist() == [[pytest.approx(0.099), pytest.approx(0.198)]]


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("   Time(ms)", "the profile table has no line of headings; log it again"),
        (
            "       0.0990",
            "'10.0 0.1000' in the profile table is no row of 5 columns; log it again, or use "
            "trtexec --exportProfile",
        ),
    ],
)
def test_a_log_that_is_cut_off(command: Command, tmp_path: Path, end: str, message: str) -> None:
    whole, part = tmp_path / "whole.txt", tmp_path / "part.txt"
    whole.write_text(NEW)
    part.write_text(NEW[: NEW.index(end)])
    assert command("compare", whole, part) == (2, f"trtcore: error: {part}: {message}\n")


def test_a_log_without_its_total_says_what_may_be_missing(command: Command, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole.txt", tmp_path / "part.txt"
    whole.write_text(NEW)
    part.write_text(NEW[: NEW.index(f"{INFO}      20.0")])
    code, text = command("compare", whole, part)
    assert code == 0
    assert "new: the file has no line 'Total': part of the log may be missing" in text


NSYS_TABLE = """
 ** CUDA GPU Kernel Summary (cuda_gpu_kern_sum):

 Time (%)  Total Time (ns)  Instances  Avg (ns)   Name
 --------  ---------------  ---------  --------  ------
     50.0              100         10      10.0  gemm
"""
KEY_AVERAGES = """\
---------------  ------------  ------------
           Name    Self CPU %      Self CPU
---------------  ------------  ------------
   aten::conv2d         1.00%      10.000us
"""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            NSYS_TABLE,
            "a summary of Nsight Systems as a table, which is no profile: give its report "
            "cuda_gpu_kern_sum as CSV",
        ),
        (
            '"ID","Process ID","Process Name","Host Name"\n"0","1","python","host"\n',
            "a report of Nsight Compute, which is no profile: its counters are of kernels that ran "
            "alone; give Nsight Systems' cuda_gpu_kern_sum as CSV",
        ),
        (
            KEY_AVERAGES,
            "a table of PyTorch's profiler (key_averages), which is no profile: give the trace "
            "that export_chrome_trace writes",
        ),
        (
            "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\n",
            "a performance report of OpenVINO, which is no profile: layers of OpenVINO are not "
            "read; profile the model with trtcore",
        ),
        (
            "Operator-wise Profiling Info for Regular Benchmark Runs:\n",
            "a report of TensorFlow Lite's benchmark, which is no profile: layers of TensorFlow "
            "Lite are not read; profile the model with trtcore",
        ),
        (
            "SQLite format 3\0" + "\0" * 100,
            "a database, which is no profile: of Nsight Systems, give its report cuda_gpu_kern_sum "
            "as CSV",
        ),
    ],
)
def test_files_of_other_tools(command: Command, tmp_path: Path, content: str, message: str) -> None:
    whole, other = tmp_path / "whole.txt", tmp_path / "other"
    whole.write_text(NEW)
    other.write_text(content)
    expected = f"trtcore: error: {other}: is {message}\n"
    assert command("compare", whole, other) == (2, expected)
    assert command("compare", other, whole) == (2, expected)
