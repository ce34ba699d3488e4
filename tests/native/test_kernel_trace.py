"""Kernel records from CUPTI's callbacks to arrays, with a libcupti that has a script for a GPU."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trtcore_fake

from trtcore.measure import _core

SCRIPT = (("pool", 100, 2000, 7), ("conv", 300, 5000, 7), ("_Z4reluPfi", 200, 1000, 13))


@pytest.fixture
def trace(fake_cupti: Any, rig: Any) -> _core.KernelTrace:
    """A trace of the rig's context, whose runs launch the three kernels of the script."""
    fake_cupti.script(*SCRIPT)
    rig.context.on_run = fake_cupti.run_address
    return _core.KernelTrace([fake_cupti.path])


def run(trace: _core.KernelTrace, rig: Any, iterations: int, **more: Any) -> None:
    trace.start(iterations, **more)
    timer = _core.TracedTimer(rig.timer, trace)
    _core.time_inference(rig.view, timer, iterations)
    trace.stop()


def test_every_kernel_of_every_iteration_arrives(trace: _core.KernelTrace, rig: Any) -> None:
    run(trace, rig, 50)
    kernels = trace.kernels()
    names = [trace.names[i] for i in kernels["name"]]
    assert names == ["pool", "conv", "relu(float*, int)"] * 50
    assert kernels["stream"].tolist() == [7, 7, 13] * 50
    assert (kernels["end_ns"] - kernels["start_ns"]).tolist() == [2000, 5000, 1000] * 50
    assert kernels["iteration"].tolist() == np.repeat(np.arange(50), 3).tolist()
    assert np.all(np.diff(kernels["launch"].astype(np.int64)) == 1)
    assert trace.losses == {"dropped": 0, "untimed": 0, "overflowed": 0, "unreadable": 0}


def test_memsets_arrive_among_the_kernels(
    trace: _core.KernelTrace, rig: Any, fake_cupti: Any
) -> None:
    fake_cupti.calls.fake_cupti_reset(130001)
    fake_cupti.script(("memset", 50, 700, 7), ("conv", 300, 5000, 7))
    run(trace, rig, 3)
    kernels = trace.kernels()
    assert [trace.names[i] for i in kernels["name"]] == [_core.MEMSET_NAME, "conv"] * 3
    assert kernels["stream"].tolist() == [7] * 6
    assert (kernels["end_ns"] - kernels["start_ns"]).tolist() == [700, 5000] * 3
    assert np.all(np.diff(kernels["launch"].astype(np.int64)) == 1)
    assert fake_cupti.is_idle


def test_kernels_before_the_first_mark_belong_to_no_iteration(
    trace: _core.KernelTrace, rig: Any, fake_cupti: Any
) -> None:
    trace.start(1)
    fake_cupti.calls.fake_cupti_run()
    trace.begin_iteration()
    fake_cupti.calls.fake_cupti_run()
    trace.stop()
    assert trace.kernels()["iteration"].tolist() == [-1, -1, -1, 0, 0, 0]


def test_nothing_is_recorded_outside(trace: _core.KernelTrace, rig: Any, fake_cupti: Any) -> None:
    _core.time_inference(rig.view, rig.timer, 5)
    run(trace, rig, 2)
    assert fake_cupti.is_idle
    _core.time_inference(rig.view, _core.TracedTimer(rig.timer, trace), 5)
    assert len(trace.kernels()) == 6


def test_a_second_trace_begins_anew_and_keeps_the_names(trace: _core.KernelTrace, rig: Any) -> None:
    run(trace, rig, 3)
    names = trace.names
    run(trace, rig, 2)
    assert trace.kernels()["iteration"].tolist() == [0, 0, 0, 1, 1, 1]
    assert trace.names == names


def test_records_fill_many_buffers(trace: _core.KernelTrace, rig: Any, fake_cupti: Any) -> None:
    fake_cupti.calls.fake_cupti_reset(130001)
    fake_cupti.script(("tiny", 1, 1, 7), ("tiny too", 1, 1, 7))
    run(trace, rig, 20_000)
    assert len(trace.kernels()) == 40_000
    assert trace.kernels()["iteration"].tolist() == np.repeat(np.arange(20_000), 2).tolist()
    assert fake_cupti.calls.fake_cupti_completed() > 4


def test_kernels_beyond_the_capacity_are_counted(trace: _core.KernelTrace, rig: Any) -> None:
    run(trace, rig, 10, capacity=7)
    assert len(trace.kernels()) == 7
    assert trace.losses["overflowed"] == 23
    run(trace, rig, 2)
    assert trace.losses["overflowed"] == 0


def test_kernels_without_times_are_counted(
    trace: _core.KernelTrace, rig: Any, fake_cupti: Any
) -> None:
    fake_cupti.calls.fake_cupti_untime(3)
    run(trace, rig, 10)
    assert len(trace.kernels()) == 20
    assert trace.losses["untimed"] == 10


def test_buffers_that_do_not_come_back_bound_the_memory(
    trace: _core.KernelTrace, fake_cupti: Any
) -> None:
    fake_cupti.calls.fake_cupti_reset(130001)
    fake_cupti.script(("tiny", 0, 0, 7))
    fake_cupti.calls.fake_cupti_hold()
    in_all = 300_000
    trace.start(1)
    fake_cupti.calls.fake_cupti_run_many(in_all)
    trace.stop()
    kept = 24 * ((2 << 20) // 216)
    assert len(trace.kernels()) == kept
    assert trace.losses["dropped"] == in_all - kept
    trace.start(1)
    fake_cupti.calls.fake_cupti_run_many(10)
    trace.stop()
    assert len(trace.kernels()) == 10


def test_buffers_that_cupti_keeps_for_good_do_not_end_later_traces(
    trace: _core.KernelTrace, rig: Any, fake_cupti: Any
) -> None:
    fake_cupti.calls.fake_cupti_keep_one()
    for _ in range(30):  # of 24 buffers
        run(trace, rig, 2)
        assert trace.kernels()["iteration"].tolist() == [0, 0, 0, 1, 1, 1]
        assert trace.losses["dropped"] == 0


def test_a_buffer_of_another_tool_is_left_alone(
    trace: _core.KernelTrace, fake_cupti: Any, rig: Any
) -> None:
    trace.start(1)
    fake_cupti.calls.fake_cupti_complete_foreign()
    trace.stop()
    run(trace, rig, 20_000)
    assert len(trace.kernels()) == 60_000


def test_more_marks_than_expected_do_no_harm(trace: _core.KernelTrace, rig: Any) -> None:
    trace.start(2)
    _core.time_inference(rig.view, _core.TracedTimer(rig.timer, trace), 5)
    trace.stop()
    assert len(trace.kernels()) == 15
    assert trace.kernels()["iteration"].max() == 1


@pytest.mark.parametrize(
    ("call", "status", "words"),
    [
        (
            "cuptiSubscribe",
            39,
            "cuptiSubscribe failed with CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED (39): "
            "another profiler (Nsight, cuda-gdb, torch.profiler) has CUPTI in this process: run "
            "without it",
        ),
        ("cuptiSubscribe", 15, "(15): there is no GPU driver, or it is older than this CUPTI"),
        ("cuptiActivityRegisterCallbacks", 1, "(1): kernel times are unavailable"),
        ("cuptiActivityEnable", 35, "(35): the driver allows profiling to administrators only"),
        ("cuptiActivityEnable", 41, "(41): it does not support confidential computing"),
    ],
)
def test_what_cupti_refuses_becomes_one_line_and_leaves_nothing_on(
    trace: _core.KernelTrace, rig: Any, fake_cupti: Any, call: str, status: int, words: str
) -> None:
    fake_cupti.fail(call, status)
    with pytest.raises(RuntimeError) as caught:
        trace.start(1)
    assert str(caught.value).startswith(f"{call} failed with CUPTI_ERROR_")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert fake_cupti.is_idle
    assert not trace.is_started
    fake_cupti.fail("", 0)
    run(trace, rig, 2)
    assert len(trace.kernels()) == 6


@pytest.mark.parametrize(
    "call",
    [
        "cuptiActivityFlushAll",
        "cuptiActivityFlushAll, forced",
        "cuptiActivityDisable",
        "cuptiActivityGetNumDroppedRecords",
    ],
)
def test_a_failing_end_is_told_and_still_ends(
    trace: _core.KernelTrace, rig: Any, fake_cupti: Any, call: str
) -> None:
    trace.start(1)
    fake_cupti.fail(call, 999)
    name, *_ = call.split(",")
    with pytest.raises(RuntimeError, match=rf"{name} failed with .* \(999\)"):
        trace.stop()
    assert fake_cupti.is_idle
    trace.stop()


def test_one_trace_at_a_time(trace: _core.KernelTrace, fake_cupti: Any) -> None:
    other = _core.KernelTrace([fake_cupti.path])
    trace.start(1)
    with pytest.raises(RuntimeError, match="started already"):
        trace.start(1)
    with pytest.raises(RuntimeError, match="kernels are being traced already in this process"):
        other.start(1)
    trace.stop()
    other.start(1)
    other.stop()


def test_nothing_is_read_while_it_is_recorded(trace: _core.KernelTrace) -> None:
    trace.start(1)
    for read in (trace.kernels, lambda: trace.names, lambda: trace.losses):
        with pytest.raises(RuntimeError, match="stop the trace before its kernels are read"):
            read()
    trace.stop()


def test_a_trace_dropped_while_started_ends(rig: Any, fake_cupti: Any) -> None:
    fake_cupti.script(*SCRIPT)
    rig.context.on_run = fake_cupti.run_address
    trace = _core.KernelTrace([fake_cupti.path])
    timer = _core.TracedTimer(_core.HostTimer(), trace)
    trace.start(1)
    del trace
    gc.collect()
    _core.time_inference(rig.view, timer, 1)
    assert not fake_cupti.is_idle
    del timer
    gc.collect()
    assert fake_cupti.is_idle


def test_a_missing_library_says_how_to_get_it() -> None:
    with pytest.raises(RuntimeError) as caught:
        _core.KernelTrace(["libcupti-of-nobody.so.13"])
    with pytest.raises(RuntimeError, match=r"trtcore\[cupti\]"):
        _core.find_cupti(["libcupti-of-nobody.so.13"])
    assert str(caught.value) == (
        "CUPTI cannot be opened (libcupti-of-nobody.so.13: cannot open shared object file: No such "
        "file or directory): pip install 'trtcore[cupti]', for CUDA 12 'trtcore[cupti-cu12]'"
    )


def test_the_first_library_that_opens_is_taken(fake_cupti_path: Path, fake_cupti: Any) -> None:
    candidates = ["libcupti-of-nobody.so.13", str(fake_cupti_path), "libm.so.6"]
    assert _core.find_cupti(candidates) == str(fake_cupti_path)
    trace = _core.KernelTrace(candidates)
    assert (trace.library, trace.version) == (str(fake_cupti_path), 130001)


def test_a_library_that_is_no_cupti_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"libm.so.6 is no CUPTI: it has no cuptiGetVersion"):
        _core.KernelTrace(["libm.so.6"])


@pytest.mark.parametrize("version", [17, 29, 120000, 129999, 130600, 140000])
def test_a_version_with_unknown_records_is_refused(fake_cupti: Any, version: int) -> None:
    fake_cupti.calls.fake_cupti_reset(version)
    with pytest.raises(RuntimeError, match=rf"is CUPTI version {version}, whose records this"):
        _core.KernelTrace([fake_cupti.path])


@pytest.mark.parametrize("version", [18, 28, 130000, 130001, 130500])
def test_versions_with_known_records_are_taken(fake_cupti: Any, version: int) -> None:
    fake_cupti.calls.fake_cupti_reset(version)
    assert _core.KernelTrace([fake_cupti.path]).version == version


def test_records_of_other_kinds_and_odd_ones_are_told_apart(fake_cupti: Any) -> None:
    kernel = (10, "conv", 1000, 3000, 7, 42)
    copy = (1, "copy", 1000, 3000, 7, 43)
    nameless = (10, "", 4000, 4000, 9, 44)
    backwards = (10, "conv", 3000, 1000, 7, 45)
    broken = (77, "conv", 5000, 6000, 7, 46)
    read = trtcore_fake.read_records
    assert read(fake_cupti.path, 216, []) == ([], 0)
    found = read(fake_cupti.path, 216, [kernel, copy, nameless, backwards])
    assert found == ([kernel, nameless], 0)
    assert read(fake_cupti.path, 216, [kernel, broken, nameless]) == ([kernel], 1)
