"""Records of the machine in a result: environment and clocks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RoundClocks:
    """NVML's readings in a round of passes, or in several that follow one another; 0 for none.

    Attributes:
        iterations: of each pass in it.
        sm_mhz: the lowest SM clock seen.
        temperature_c: the highest seen.
        power_w: the highest seen.
    """

    iterations: int = 0
    sm_mhz: int = 0
    temperature_c: int = 0
    power_w: float = 0.0


@dataclass(frozen=True)
class Clocks:
    """NVML's readings before, during and after the timed passes; 0 where it reported nothing.

    Attributes:
        sm_mhz_before: SM clock at the first reading.
        sm_mhz_after: the same at the last reading.
        memory_mhz: clock of the memory.
        temperature_c: the highest seen.
        throttle_reasons: names of every clock event reason seen.
        sm_mhz_min: the lowest clock seen.
        sm_mhz_max: the highest clock seen.
        power_w: the highest power seen.
        readings: how often the sensors were read.
        throttled_rounds: numbers of the rounds throttled by heat or a power brake.
        rounds: in the order they ran; of many, neighbours are put together.
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
    rounds: tuple[RoundClocks, ...] = ()


@dataclass(frozen=True)
class Environment:
    """The environment of a run; empty strings, or 0, for what is absent or unknown.

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
        clocks: what the GPU's sensors reported meanwhile.
        cuda: newest CUDA version the driver supports.
        memory_bytes: all memory of the GPU.
        memory_free_bytes: free memory of the GPU at the time.
        ecc: ``on`` or ``off``: error-correcting memory.
        mig: ``on`` or ``off``: the GPU is split into instances.
        persistence: ``on`` or ``off``: the driver stays loaded between programs.
        confidential_computing: ``on`` or ``off``; event times can be negative under it.
        cpu_count: processors this process may use.
        load_average: the system's load average over the last minute.
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
