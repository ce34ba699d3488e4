"""The whole traced pass on scripted contexts: rounds, mapping, slow-down, and what goes wrong."""

from __future__ import annotations

import gc
import importlib.machinery
import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_bench import KERNELS, LAYERS, US, Bench
from memory import in_use_kib

from trtcore.errors import BackendError, RunError
from trtcore.measure import _core
from trtcore.measure.kernels import cupti
from trtcore.measure.kernels.trace import trace_kernels, version_words
from trtcore.measure.kernels.traced_loops import TracedLoops
from trtcore.report.content.times.mapping import mapping_text
from trtcore.result.analysis.reconciliation.kernels import kernel_totals, layer_kernels
from trtcore.result.records.layers import Layer


def test_kernels_of_a_serial_engine_are_led_to_its_layers(bench: Bench) -> None:
    found, _ = trace_kernels(bench.loops, LAYERS, 20)
    assert found is not None
    assert found.names == tuple(name for name, *_ in KERNELS)
    assert found.streams == (0, 0, 0)
    assert found.layers == (0, 1, 2)
    assert (
        mapping_text(found.mapping)
        == "by order: 3 kernels for as many layers, 1 of them by name too"
    )
    assert found.kernel_ms.shape == (20, 3)
    assert np.median(found.kernel_ms, axis=0) == pytest.approx([0.02, 0.06, 0.03])
    assert np.median(found.start_ms, axis=0) == pytest.approx([0, 0.025, 0.09])
    assert len(found.wall_ms) == len(found.plain_wall_ms) == 20
    assert (found.is_gated, found.discarded, found.source) == (False, 0, "CUPTI 13.0")
    assert found.gated_ms.size == found.plain_gated_ms.size == 0
    totals = kernel_totals(found)
    assert totals.gap_ms == pytest.approx(0.01, abs=1e-6)
    assert 0.5 < totals.slow_down < 2
    assert bench.fake.is_idle


def test_a_memset_belongs_to_the_layer_of_its_kernel(bench: Bench) -> None:
    move, conv, gemm = KERNELS
    bench.fake.calls.fake_cupti_reset(130001)
    bench.launch(move, conv, ("memset", 2 * US, 1 * US, 7), gemm)
    found, _ = trace_kernels(bench.loops, LAYERS, 20)
    assert found is not None
    assert found.names == (move[0], conv[0], "[CUDA memset]", gemm[0])
    assert found.layers == (0, 1, 2, 2)
    assert np.median(found.kernel_ms, axis=0) == pytest.approx([0.02, 0.06, 0.001, 0.03])
    assert layer_kernels(found, 3).count.tolist() == [1, 1, 2]
    assert (
        mapping_text(found.mapping)
        == "by order: 3 kernels for as many layers, 1 of them by name too"
    )


def test_the_progress_is_told_and_the_number_of_iterations_kept(bench: Bench) -> None:
    told: list[tuple[str, int, int]] = []
    found, _ = trace_kernels(bench.loops, LAYERS, 7, lambda *said: told.append(said))
    assert found is not None
    assert len(found.kernel_ms) == 10  # five rounds of two
    assert told == [("tracing kernels", done, 10) for done in (0, 2, 4, 6, 8)]


def test_one_iteration_is_enough(bench: Bench) -> None:
    found, _ = trace_kernels(bench.loops, LAYERS, 1)
    assert found is not None
    assert found.kernel_ms.shape == (1, 3)


def test_gated_iterations_are_preferred(bench: Bench) -> None:
    bench.loops.gated = _core.HostTimer()  # type: ignore[assignment]
    found, _ = trace_kernels(bench.loops, LAYERS, 10)
    assert found is not None
    assert found.is_gated
    assert found.kernel_ms.shape == (10, 3)
    assert len(found.wall_ms) == 10
    assert found.layers == (0, 1, 2)


def test_more_kernels_than_layers_are_mapped_by_sequence(bench: Bench) -> None:
    bench.fake.calls.fake_cupti_reset(130001)
    bench.launch(
        ("__myl_Move_0xabc", 3 * US, 20 * US, 7),
        ("winograd_in", 3 * US, 10 * US, 7),
        ("winograd_mul", 1 * US, 40 * US, 7),
        ("winograd_out", 1 * US, 8 * US, 7),
        ("sm80_gemm_kernel", 3 * US, 30 * US, 7),
    )
    found, _ = trace_kernels(bench.loops, LAYERS, 10)
    assert found is not None
    assert found.layers == (0, 1, 1, 1, 2)
    assert mapping_text(found.mapping) == (
        "5 of 5 kernels by sequence and times of 20 profiled iterations "
        "(not by order: 5 kernels for 3 layers)"
    )
    assert layer_kernels(found, 3).count.tolist() == [1, 3, 1]
    # The profiled context is free again.
    recorder = _core.LayerRecorder()
    bench.loops.attach(recorder)
    bench.loops.detach(recorder)


def test_several_streams_are_mapped_by_order_of_launch(bench: Bench) -> None:
    bench.fake.calls.fake_cupti_reset(130001)
    bench.launch(KERNELS[0], ("left", 1 * US, 20 * US, 13), ("right", 1 * US, 30 * US, 7))
    layers = (LAYERS[0], Layer("l", "correlation", stream=1), Layer("r", "gemm", stream=0))
    found, _ = trace_kernels(bench.loops, layers, 10)
    assert found is not None
    assert (found.layers, found.streams) == ((0, 1, 2), (0, 1, 0))


def test_several_streams_without_launch_numbers_are_mapped_within_them(bench: Bench) -> None:
    bench.fake.calls.fake_cupti_reset(130001)
    bench.fake.calls.fake_cupti_number_launches(False)
    kernels = (KERNELS[0], ("right", 1 * US, 30 * US, 7), ("left", 1 * US, 20 * US, 13))
    bench.launch(*kernels)
    layers = (LAYERS[0], Layer("l", "correlation", stream=1), Layer("r", "gemm", stream=0))
    found, _ = trace_kernels(bench.loops, layers, 10)
    assert found is not None
    assert found.names == ("__myl_Move_0xabc", "right", "left")
    assert found.layers == (0, 2, 1)
    assert mapping_text(found.mapping) == "by order within each of 2 streams"


def test_several_streams_with_other_numbers_are_mapped_by_name_alone(bench: Bench) -> None:
    bench.fake.calls.fake_cupti_reset(130001)
    bench.launch(KERNELS[0], ("left", 1 * US, 20 * US, 13))
    found, _ = trace_kernels(bench.loops, LAYERS, 10)
    assert found is not None
    assert found.layers == (0, -1)
    assert mapping_text(found.mapping) == (
        "1 of 2 kernels by name alone (not by order: 2 kernels for 3 layers; "
        "not by streams: 2 CUDA streams for 1 of the engine)"
    )


def test_a_profiled_context_with_other_kernels_is_no_guide(bench: Bench) -> None:
    bench.profiled.context.on_run = 0
    bench.fake.script(("one more", US, US, 7))
    found, _ = trace_kernels(bench.loops, LAYERS, 10)
    assert found is not None
    assert found.layers == (0, -1, -1, -1)
    assert "profiled iterations launch other kernels" in mapping_text(found.mapping)


def test_iterations_with_lost_records_are_left_out(bench: Bench) -> None:
    bench.fake.calls.fake_cupti_skip(20)
    found, _ = trace_kernels(bench.loops, LAYERS, 100)
    assert found is not None
    assert found.discarded == 100 - len(found.kernel_ms) > 0
    assert np.median(found.kernel_ms, axis=0) == pytest.approx([0.02, 0.06, 0.03])
    assert found.layers == (0, 1, 2)


@pytest.mark.parametrize("gated", [False, True])
def test_ctrl_c_ends_it_and_keeps_what_was_traced(bench: Bench, gated: bool) -> None:
    if gated:
        bench.loops.gated = _core.HostTimer()  # type: ignore[assignment]
    # Four passes of a round are of at least 60 iterations, so that this one is in the second round.
    bench.plain.context.interrupt_at = 300
    found, interrupted = trace_kernels(bench.loops, LAYERS, 300)
    assert interrupted
    assert found is not None
    assert 0 < len(found.kernel_ms) < 300
    assert found.layers == (0, 1, 2)
    assert bench.fake.is_idle


@pytest.mark.parametrize("run", [0, 3, 4, 7, 8, 11], ids="run {}".format)
def test_ctrl_c_while_warming_up_ends_it_without_kernels(bench: Bench, run: int) -> None:
    bench.loops.gated = _core.HostTimer()  # type: ignore[assignment]
    bench.plain.context.interrupt_at = run
    assert trace_kernels(bench.loops, LAYERS, 300) == (None, True)
    assert bench.plain.context.runs == 4 * (run // 4 + 1), "no further pass"
    assert bench.fake.is_idle


def test_ctrl_c_in_the_progress_keeps_what_was_traced(bench: Bench) -> None:
    def press(phase: str, done: int, total: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    found, interrupted = trace_kernels(bench.loops, LAYERS, 10, press)
    assert found is not None
    assert (len(found.kernel_ms), interrupted) == (4, True)


def test_ctrl_c_is_kept_where_the_pass_then_fails(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.plain.context.interrupt_at = 10
    stop, stops = _core.KernelTrace.stop, itertools.count(1)

    def fail_later(trace: _core.KernelTrace) -> None:
        stop(trace)
        if next(stops) > 1:
            raise RuntimeError("cuptiActivityFlushAll failed")

    monkeypatch.setattr(_core.KernelTrace, "stop", fail_later)
    assert trace_kernels(bench.loops, LAYERS, 10) == (None, True)


SPLIT = (KERNELS[0], ("splitk", 1 * US, 4 * US, 7), *KERNELS[1:])


def relaunch(bench: Bench, *kernels: tuple[str, int, int, int]) -> None:
    bench.fake.calls.fake_cupti_reset(130001)
    bench.launch(*kernels)


@pytest.mark.parametrize("run", [1, 6])
def test_ctrl_c_while_mapping_keeps_the_kernels(bench: Bench, run: int) -> None:
    relaunch(bench, *SPLIT)
    bench.profiled.context.interrupt_at = run
    found, interrupted = trace_kernels(bench.loops, LAYERS, 10)
    assert found is not None
    assert (len(found.kernel_ms), interrupted) == (10, True)
    assert mapping_text(found.mapping) == (
        "1 of 4 kernels by name alone (not by order: 4 kernels for 3 layers; interrupted)"
    )
    assert bench.fake.is_idle


def test_after_ctrl_c_nothing_more_is_run_to_map(bench: Bench) -> None:
    relaunch(bench, *SPLIT)
    bench.plain.context.interrupt_at = 12
    found, interrupted = trace_kernels(bench.loops, LAYERS, 10)
    assert found is not None
    assert (len(found.kernel_ms), interrupted) == (2, True)
    assert mapping_text(found.mapping).endswith("interrupted)")
    assert bench.profiled.context.runs == 0


@pytest.mark.parametrize("run", [1, 2, 5])
def test_a_sequence_that_changes_while_mapping_costs_the_mapping_alone(
    bench: Bench, run: int
) -> None:
    relaunch(bench, *SPLIT)
    bench.profiled.context.change_layers(at=run, layers=[("other", 1.0)])
    found, interrupted = trace_kernels(bench.loops, LAYERS, 10)
    assert found is not None
    assert (len(found.kernel_ms), interrupted) == (10, False)
    assert "no profiled iterations: the layer sequence changed in iteration" in mapping_text(
        found.mapping
    )


def test_a_profiled_pass_without_layers_costs_the_mapping_alone(bench: Bench) -> None:
    relaunch(bench, *SPLIT)
    bench.profiled.context.layers = []
    found, _ = trace_kernels(bench.loops, LAYERS, 10)
    assert found is not None
    assert "no layer was reported" in mapping_text(found.mapping)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("cuptiActivityFlushAll failed")])
def test_what_cupti_cannot_deliver_while_mapping_costs_the_mapping_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise error

    relaunch(bench, *SPLIT)
    monkeypatch.setattr(TracedLoops, "trace_layers", fail)
    found, _ = trace_kernels(bench.loops, LAYERS, 10)
    assert found is not None
    words = str(error) or "there is not enough host memory"
    assert mapping_text(found.mapping).endswith(f"no profiled iterations: {words})")


def test_too_little_memory_is_one_line(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = _core.KernelTrace.stop

    def stop_without_memory(trace: _core.KernelTrace) -> None:
        stop(trace)
        raise MemoryError

    monkeypatch.setattr(_core.KernelTrace, "stop", stop_without_memory)
    with pytest.raises(RunError, match="kernels cannot be traced: there is not enough host memory"):
        trace_kernels(bench.loops, LAYERS, 10)
    assert bench.fake.is_idle


def test_no_kernel_at_all_is_an_error(bench: Bench) -> None:
    bench.fake.calls.fake_cupti_reset(130001)
    with pytest.raises(RunError, match=r"recorded no kernels \(it reported no losses either\)"):
        trace_kernels(bench.loops, LAYERS, 10)


def test_kernels_without_times_are_an_error_that_says_so(bench: Bench) -> None:
    bench.fake.calls.fake_cupti_untime(1)
    with pytest.raises(RunError, match=r"recorded no kernels \(lost records: 12 untimed\)"):
        trace_kernels(bench.loops, LAYERS, 10)


def test_another_profiler_is_told_in_one_line(bench: Bench) -> None:
    bench.fake.fail("cuptiSubscribe", 39)
    with pytest.raises(RunError) as caught:
        trace_kernels(bench.loops, LAYERS, 10)
    assert str(caught.value).startswith("kernels cannot be traced: cuptiSubscribe failed")
    assert "another profiler" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_context_that_fails_leaves_cupti_off(bench: Bench) -> None:
    bench.plain.context.fail_at = 7
    with pytest.raises(RunError, match="enqueueV3 failed"):
        trace_kernels(bench.loops, LAYERS, 10)
    assert bench.fake.is_idle


def test_without_cupti_a_line_says_how_to_get_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cupti, "cupti_candidates", lambda: ("libcupti-of-nobody.so.13",))
    words = r"kernel times need CUPTI: .* pip install 'trtcore\[cupti\]'"
    with pytest.raises(BackendError, match=words):
        trace_kernels(bench.loops, LAYERS, 10)
    with pytest.raises(BackendError, match=words):
        cupti.check_cupti()


def test_candidates_are_files_that_exist_and_names_for_the_loader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "extras/CUPTI/lib64"
    folder.mkdir(parents=True)
    (folder / "libcupti.so.12").touch()
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    monkeypatch.setattr(cupti, "cuda_version", lambda: "12.8")
    found = cupti.cupti_candidates()
    assert found[0].endswith("libcupti.so.12")
    assert str(folder / "libcupti.so.12") in found
    assert found[-2:] == ("libcupti.so.12", "libcupti.so.13")
    monkeypatch.setattr(cupti, "cuda_version", lambda: "13.0")
    assert cupti.cupti_candidates()[-2:] == ("libcupti.so.13", "libcupti.so.12")


def test_cupti_of_cuda_12_is_found_in_its_wheel_and_beside_a_newer_toolkit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = (
        tmp_path / "site/nvidia/cuda_cupti/lib/libcupti.so.12",
        tmp_path / "local/cuda-12.8/extras/CUPTI/lib64/libcupti.so.12",
        tmp_path / "local/cuda/extras/CUPTI/lib64/libcupti.so.13",
    )
    for place in places:
        place.parent.mkdir(parents=True)
        place.touch()
    monkeypatch.setattr(cupti, "_TOOLKITS", tmp_path / "local")
    for name in ("CUDA_HOME", "CUDA_PATH"):
        monkeypatch.delenv(name, raising=False)
    spec = importlib.machinery.ModuleSpec("nvidia", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "site/nvidia")]
    monkeypatch.setattr("importlib.util.find_spec", lambda _: spec)
    names = ("libcupti.so.12", "libcupti.so.13")
    monkeypatch.setattr(cupti, "cuda_version", lambda: "12.8")
    assert cupti.cupti_candidates() == (*map(str, places), *names)
    monkeypatch.setattr(cupti, "cuda_version", lambda: "13.0")
    assert cupti.cupti_candidates() == (str(places[2]), *map(str, places[:2]), *reversed(names))


def test_versions_in_words() -> None:
    assert [version_words(v) for v in (26, 130001, 130500)] == ["API version 26", "13.0", "13.5"]


@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer has a heap of its own"
)
def test_many_passes_keep_no_memory(bench: Bench) -> None:
    def passes(count: int) -> int:
        for _ in range(count):
            trace_kernels(bench.loops, LAYERS, 50)
        gc.collect()
        if (used := in_use_kib()) is None:
            pytest.skip("not glibc 2.33 or later")
        return used

    passes(10)
    before = passes(10)
    # A buffer of CUPTI's is 2 MiB, the kernels of a pass 20 KiB.
    assert passes(30) - before < 30
