"""What a result keeps of the machine: environment and clocks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Clocks:
    """What NVML said before, while and after the timed passes ran; 0 where it could not tell.

    Attributes:
        sm_mhz_before: clock of the multiprocessors at the first reading.
        sm_mhz_after: the same at the last reading.
        memory_mhz: clock of the memory.
        temperature_c: the highest seen.
        throttle_reasons: every reason seen for a clock below its best, in words.
        sm_mhz_min: the lowest clock seen.
        sm_mhz_max: the highest clock seen.
        power_w: the highest power seen.
        readings: how often the sensors were read.
        throttled_rounds: numbers of the rounds that heat or power slowed down.
    """

    sm_mhz_before: int = 0
    sm_mhz_after: int = 0
    memory_mhz: int = 0
    temperature_c: int = 0
    throttle_reasons: tuple[str, ...] = ()
    sm_mhz_min: int = 0
    sm_mhz_max: int = 0
    power_w: float = 0.0
    readings: int = 0
    throttled_rounds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Environment:
    """Where the run took place. Empty strings, or 0, where a thing is not there.

    Attributes:
        date: when, in UTC, as ISO 8601.
        trtcore: version of trtcore.
        python: version of Python.
        system: operating system and C library.
        cpu: model of the processor.
        device: name of the GPU.
        driver: version of the display driver.
        compute_capability: of the GPU, such as ``9.0``.
        runtime: the library that executed, with its version.
        clocks: what the GPU's sensors said meanwhile.
        cuda: newest CUDA version the driver serves.
        memory_bytes: all memory of the GPU.
        memory_free_bytes: of it, what nobody used at the time.
        ecc: ``on`` or ``off``: error-correcting memory.
        mig: ``on`` or ``off``: the GPU is split into instances.
        persistence: ``on`` or ``off``: the driver stays loaded between programs.
        confidential_computing: ``on`` or ``off``; event times can be negative under it.
        cpu_count: processors this process may use.
        load_average: processes that wanted a processor, over the last minute.
    """

    date: str
    trtcore: str
    python: str
    system: str
    cpu: str
    device: str
    driver: str = ""
    compute_capability: str = ""
    runtime: str = ""
    clocks: Clocks = Clocks()
    cuda: str = ""
    memory_bytes: int = 0
    memory_free_bytes: int = 0
    ecc: str = ""
    mig: str = ""
    persistence: str = ""
    confidential_computing: str = ""
    cpu_count: int = 0
    load_average: float = 0.0
