"""Memory readings: of this process for real, of a device from numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trtcore.measure.memory.readings import MemoryLog, peak_resident_bytes, resident_bytes
from trtcore.result.records.memory import MemoryPoint, MemoryReading

GB = 10**9


def test_the_memory_of_this_process_follows_what_it_holds() -> None:
    before = resident_bytes()
    held = np.ones(16 << 20, np.float32)  # 64 MiB, written
    assert resident_bytes() - before > 48 << 20
    assert peak_resident_bytes() >= before + held.nbytes // 2


def test_a_system_that_does_not_tell_gives_zero(tmp_path: Path) -> None:
    assert resident_bytes(tmp_path / "missing") == 0
    (tmp_path / "status").write_text("Name:\tpython\nVmRSS:\t  123456 kB\n")
    assert resident_bytes(tmp_path / "status") == 123456 * 1024
    (tmp_path / "status").write_text("Name:\tpython\n")
    assert resident_bytes(tmp_path / "status") == 0


def test_before_is_asked_without_making_a_cuda_context() -> None:
    free = iter([75 * GB, 74 * GB])
    log = MemoryLog(80 * GB, before=lambda: 79 * GB, free=lambda: next(free), resident=lambda: GB)
    for point in (MemoryPoint.BEFORE, MemoryPoint.DRIVER, MemoryPoint.ENGINE):
        log.note(point)
    record = log.record(contexts=2)
    assert record.readings == (
        MemoryReading(MemoryPoint.BEFORE, 79 * GB, GB),
        MemoryReading(MemoryPoint.DRIVER, 75 * GB, GB),
        MemoryReading(MemoryPoint.ENGINE, 74 * GB, GB),
    )
    assert (record.peak_device_bytes, record.contexts, record.device_bytes) == (5 * GB, 2, 80 * GB)


def test_a_log_begins_with_what_was_before() -> None:
    record = MemoryLog.begun().record()
    assert [reading.point for reading in record.readings] == [MemoryPoint.BEFORE]
    assert record.readings[0].host_bytes > 0
