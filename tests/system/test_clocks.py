"""Clock readings: NVML answers that come and fail, rounds, and what is said of them."""

from __future__ import annotations

import itertools
import threading
import time
import tracemalloc
from types import SimpleNamespace

import pytest

from trtcore.system.clocks import ClockMonitor, ClockRecord
from trtcore.system.records import Clocks, RoundClocks
from trtcore.system.sensors import GpuSensors, Reading, is_throttled, reason_names

BUS_ID = "0000:18:00.0"


def refuse(*_):
    raise RuntimeError("not supported")


def nvml(**functions) -> SimpleNamespace:
    """NVML of an H200 at work, as cuda.bindings.nvml gives it."""
    calls = {
        "init_v2": lambda: None,
        "device_get_handle_by_pci_bus_id_v2": {BUS_ID: 77}.__getitem__,
        "device_get_clock_info": lambda handle, kind: {1: 1980, 2: 3201}[kind],
        "device_get_temperature_v": lambda handle, sensor: 41,
        "device_get_power_usage": lambda handle: 213_400,
        "device_get_total_energy_consumption": lambda handle: 81_234_567_890,
        "device_get_current_clocks_event_reasons": lambda handle: 0x5,
        "device_get_memory_info_v2": lambda handle: SimpleNamespace(free=138 << 30),
        "device_get_ecc_mode": lambda handle: (1, 1),
        "device_get_mig_mode": lambda handle: (0, 0),
        "device_get_persistence_mode": lambda handle: 1,
        "system_get_driver_version": lambda: "580.95.05",
        "system_get_conf_compute_state": lambda: SimpleNamespace(cc_feature=0),
    }
    return SimpleNamespace(**{**calls, **functions})


def facts(sensors: GpuSensors) -> tuple[object, ...]:
    return (
        sensors.driver_version(),
        sensors.memory_free_bytes(),
        sensors.energy_mj(),
        sensors.ecc(),
        sensors.mig(),
        sensors.persistence(),
        sensors.confidential_computing(),
    )


def test_sensors_read_everything() -> None:
    sensors = GpuSensors(BUS_ID, nvml())
    before = time.monotonic()
    reading = sensors.read()
    assert before <= reading.time_s <= time.monotonic()
    assert reading == Reading(reading.time_s, 1980, 3201, 41, 213.4, 0x5)
    assert facts(sensors) == ("580.95.05", 138 << 30, 81_234_567_890, "on", "off", "on", "off")


@pytest.mark.parametrize(
    "broken",
    [
        SimpleNamespace(),
        nvml(init_v2=refuse),
        nvml(device_get_handle_by_pci_bus_id_v2=refuse),
    ],
)
def test_unknown_device_reads_nothing(broken) -> None:
    sensors = GpuSensors(BUS_ID, broken)
    reading = sensors.read()
    assert reading == Reading(reading.time_s)
    assert facts(sensors)[1:6] == (0, 0, "", "", "")


def test_each_refused_answer_is_unknown_alone() -> None:
    for name in vars(nvml()):
        if name in {"init_v2", "device_get_handle_by_pci_bus_id_v2"}:
            continue
        whole = (GpuSensors(BUS_ID, nvml()), GpuSensors(BUS_ID, nvml(**{name: refuse})))
        known, missing = (
            (*vars(sensors.read()).values(), *facts(sensors))[1:] for sensors in whole
        )
        lost = {(a, b) for a, b in zip(known, missing, strict=True) if a != b}
        assert lost, name
        assert all(not b for _, b in lost), name


def test_real_bindings_never_raise() -> None:
    sensors = GpuSensors("0000:ff:1f.7")
    assert sensors.read().sm_mhz == 0
    assert facts(sensors)[1:6] == (0, 0, "", "", "")


def test_reasons_in_words() -> None:
    assert reason_names(0) == reason_names(0x1) == ()
    assert reason_names(0x1 | 0x4 | 0x20) == ("SW power cap", "SW thermal slowdown")
    assert [is_throttled(1 << bit) for bit in range(9)] == [
        *(False, False, False, True, False, True, True, True, False)
    ]


def test_summary_of_rounds_leaves_out_what_lies_outside() -> None:
    readings = [
        Reading(0.0, 345, 2619, 30, 75.0, 0x1),
        Reading(1.0, 1980, 3201, 41, 210.5, 0x0),
        Reading(2.0, 1755, 3201, 52, 300.25, 0x4),
        Reading(3.0, 1410, 3201, 60, 280.0, 0x20),
        Reading(4.0, 600, 2619, 40, 90.0, 0x8),
    ]
    record = recorded(readings, [(0.5, 1.5), (1.5, 2.5), (2.5, 3.5)])
    assert record.clocks() == Clocks(
        sm_mhz_before=1980,
        sm_mhz_after=1410,
        memory_mhz=3201,
        temperature_c=60,
        throttle_reasons=("SW power cap", "SW thermal slowdown"),
        sm_mhz_min=1410,
        sm_mhz_max=1980,
        power_w=300.25,
        readings=3,
        throttled_rounds=(2,),
        rounds=(
            RoundClocks(0, 1980, 41, 210.5),
            RoundClocks(0, 1755, 52, 300.25),
            RoundClocks(0, 1410, 60, 280.0),
        ),
    )


def test_summary_without_rounds_takes_all() -> None:
    assert recorded([Reading(0.0, 345), Reading(1.0, 1980)]).clocks() == Clocks(
        sm_mhz_before=345, sm_mhz_after=1980, sm_mhz_min=345, sm_mhz_max=1980, readings=2
    )
    assert recorded([]).clocks() == Clocks()


def test_summary_of_rounds_without_readings_takes_all() -> None:
    clocks = recorded([Reading(9.0, 1980)], [(0.0, 1.0)]).clocks()
    assert (clocks.sm_mhz_before, clocks.readings) == (1980, 1)


def test_summary_takes_what_lies_between_rounds() -> None:
    readings = [Reading(0.5, 1), Reading(1.5, 2, reasons=0x40), Reading(2.5, 3), Reading(3.5, 4)]
    clocks = recorded(readings, [(0.0, 1.0), (2.0, 3.0)]).clocks()
    assert (clocks.sm_mhz_before, clocks.sm_mhz_after, clocks.readings) == (1, 3, 3)
    assert clocks.throttle_reasons == ("HW thermal slowdown",)
    assert clocks.throttled_rounds == ()


def test_forgotten_rounds_are_numbered_anew() -> None:
    record = recorded(
        [Reading(0.5, 300), Reading(1.5, 1980, reasons=0x40)], [(0.0, 1.0), (1.0, 2.0)]
    )
    assert record.clocks().throttled_rounds == (1,)
    record.forget_rounds()
    assert record.clocks().throttled_rounds == ()
    record.begin_round(3.0)
    record.add(Reading(3.5, 1755, reasons=0x40))
    record.end_round(4.0)
    clocks = record.clocks()
    assert clocks.throttled_rounds == (0,)
    assert (clocks.sm_mhz_before, clocks.sm_mhz_min, clocks.readings) == (1755, 1755, 1)


def test_readings_that_come_late_count_for_when_they_were_begun() -> None:
    record = ClockRecord()
    record.begin_round(1.0)
    record.add(Reading(0.9, 345, reasons=0x40))
    record.add(Reading(1.1, 1980))
    record.end_round(2.0)
    record.add(Reading(1.9, 1755))
    record.add(Reading(2.1, 600))
    assert record.clocks() == Clocks(
        sm_mhz_before=1980,
        sm_mhz_after=1755,
        sm_mhz_min=1755,
        sm_mhz_max=1980,
        readings=2,
        rounds=(RoundClocks(0, 1980),),
    )
    record.begin_round(3.0)
    record.add(Reading(2.9, 900, reasons=0x40))
    record.end_round(4.0)
    clocks = record.clocks()
    assert (clocks.sm_mhz_min, clocks.readings) == (600, 4)
    assert clocks.throttled_rounds == ()


def recorded(readings, rounds=()) -> ClockRecord:
    """A record of readings and rounds in order of time."""
    record = ClockRecord()
    begins = [(begin_s, record.begin_round, begin_s) for begin_s, _ in rounds]
    ends = [(end_s, record.end_round, end_s) for _, end_s in rounds]
    taken = [(reading.time_s, record.add, reading) for reading in readings]
    for _, note, what in sorted(ends + begins + taken, key=lambda event: event[0]):
        note(what)
    return record


def test_hours_cost_no_memory_and_no_time() -> None:
    record = ClockRecord()

    def hour(start_s: int) -> tuple[int, float]:
        before = tracemalloc.get_traced_memory()[0]
        for second in range(start_s, start_s + 3600, 4):
            record.begin_round(second)
            for i in range(20):
                record.add(Reading(second + i / 5, 1980, 3201, 41, 213.4, 0x4))
            record.end_round(second + 4)
        grown = tracemalloc.get_traced_memory()[0] - before
        start = time.process_time()
        for _ in range(100):
            record.begin_round(start_s + 3600)
            record.end_round(start_s + 3600)
            record.clocks()
        return grown, (time.process_time() - start) / 100

    tracemalloc.start()  # before the first, so that what it leaves and the second frees counts
    hour(0)
    grown, _ = hour(3600)
    tracemalloc.stop()
    _, seconds = hour(7200)
    assert grown < 2000
    assert seconds < 1e-4
    assert record.clocks().readings == 3 * 18000


def test_of_many_rounds_neighbours_are_put_together() -> None:
    record = ClockRecord()
    for i in range(300):
        record.begin_round(i)
        if i != 7:  # a round without a reading
            record.add(Reading(i + 0.5, 1980 - i, 3201, 40 + i % 2, 200.0 + i))
        record.end_round(i + 0.9, 10)
    rounds = record.clocks().rounds
    assert [one.iterations for one in rounds] == [80] * 37 + [40]
    assert rounds[0] == RoundClocks(80, 1974, 41, 206.0)
    assert rounds[-1] == RoundClocks(40, 1681, 41, 499.0)


def test_monitor_reads_at_the_end_of_a_round_and_marks_a_throttled_one() -> None:
    reasons = itertools.chain([0, 0], itertools.repeat(0x40))

    def read() -> Reading:
        return Reading(time.monotonic(), 1980, 3201, 41, 200.0, next(reasons))

    with ClockMonitor(read, hz=0.01) as monitor:
        with monitor.round(50):
            pass
        with monitor.round(50):
            pass
    assert monitor.sm_mhz == 1980
    assert monitor.clocks().rounds == (RoundClocks(50, 1980, 41, 200.0),) * 2
    clocks = monitor.clocks()
    assert clocks.throttled_rounds == (1,)
    assert clocks.throttle_reasons == ("HW thermal slowdown",)


def test_monitor_samples_while_a_pass_runs() -> None:
    numbers, threads = itertools.count(1), set()

    def read() -> Reading:
        threads.add(threading.current_thread())
        return Reading(time.monotonic(), sm_mhz=next(numbers))

    with ClockMonitor(read, hz=1000.0) as monitor:
        threads.clear()
        deadline = time.monotonic() + 120
        while monitor.sm_mhz < 5 and time.monotonic() < deadline:
            time.sleep(0.001)
        assert threading.current_thread() not in threads
    assert monitor.clocks().readings >= 6
    settled = monitor.clocks()
    time.sleep(0.01)
    assert monitor.clocks() == settled, "the thread ends with the monitor"


def test_monitor_without_sensors_is_empty_and_starts_no_thread() -> None:
    calls = []

    def read() -> Reading:
        calls.append(1)
        return Reading(time.monotonic())

    with ClockMonitor(read, hz=1000.0) as monitor, monitor.round():
        time.sleep(0.02)
    assert len(calls) == 1
    assert monitor.clocks() == Clocks()


def test_monitor_of_this_machine_never_raises() -> None:
    with ClockMonitor() as monitor, monitor.round():
        pass
    assert (monitor.clocks().readings >= 2) == (monitor.sm_mhz > 0)
