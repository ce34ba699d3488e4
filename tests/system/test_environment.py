"""The environment record: complete on this machine, and saved and read back."""

from __future__ import annotations

import platform
from datetime import datetime, timezone

import pytest

from trtcore.system import environment
from trtcore.system.device import Device, gpu_problem
from trtcore.system.environment import capture_environment
from trtcore.system.records import Clocks, Environment


def test_record_of_this_machine() -> None:
    clocks = Clocks(sm_mhz_before=1980)
    record = capture_environment("onnxruntime 1.31", clocks)
    age = datetime.now(timezone.utc) - datetime.fromisoformat(record.date)
    assert 0 <= age.total_seconds() < 60
    assert record.python == platform.python_version()
    assert record.system == platform.platform()
    assert record.cpu
    assert record.cpu_count >= 1
    assert record.load_average >= 0
    assert record.runtime == "onnxruntime 1.31"
    assert record.clocks is clocks
    assert (record.device == "") == (gpu_problem() is not None)


def test_without_a_gpu_everything_about_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "current_device", lambda: None)
    monkeypatch.setattr(environment, "cuda_version", lambda: "")
    record = capture_environment()
    unknown = Environment(
        date=record.date,
        trtcore=record.trtcore,
        python=record.python,
        system=record.system,
        cpu=record.cpu,
        device="",
        driver="",
        cpu_count=record.cpu_count,
        load_average=record.load_average,
    )
    assert record == unknown


def test_device_facts_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Device(0, "NVIDIA H200", "9.0", 139 << 30, "0000:18:00.0")
    monkeypatch.setattr(environment, "current_device", lambda: found)
    monkeypatch.setattr(environment, "cuda_version", lambda: "13.0")
    record = capture_environment()
    assert (record.device, record.compute_capability) == ("NVIDIA H200", "9.0")
    assert (record.cuda, record.memory_bytes) == ("13.0", 139 << 30)


@pytest.mark.parametrize("text", [None, "processor : 0\nCPU part : 0xd4f\n"])
def test_processor_is_named_where_proc_does_not(tmp_path, monkeypatch, text) -> None:
    info = tmp_path / "cpuinfo"
    if text is not None:
        info.write_text(text)
    monkeypatch.setattr(environment, "_CPU_INFO", info)
    named = capture_environment().cpu
    assert named
    assert named in {platform.processor(), platform.machine()}


def test_processor_is_named_by_its_model(tmp_path, monkeypatch) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: Some CPU: 9000\nmodel name\t: other\n")
    monkeypatch.setattr(environment, "_CPU_INFO", info)
    assert capture_environment().cpu == "Some CPU: 9000"
