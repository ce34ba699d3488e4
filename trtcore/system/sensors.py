"""NVML's sensors of one GPU: clocks, temperature, power and the modes it runs in.

Every answer is 0 or ``""`` where NVML is absent, too old or refuses, so that no sensor can ever
fail a run.
"""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass
from typing import Any

_CLOCK_SM = 1  # NVML_CLOCK_SM
_CLOCK_MEMORY = 2  # NVML_CLOCK_MEM
_TEMPERATURE_GPU = 0  # NVML_TEMPERATURE_GPU


@dataclass(frozen=True)
class Reading:
    """The sensors at one moment; 0 where NVML reported nothing.

    Attributes:
        time_s: `time.monotonic` when it was read.
        sm_mhz: SM clock.
        memory_mhz: clock of the memory.
        temperature_c: of the GPU die.
        power_w: drawn by the board.
        reasons: NVML's bit mask of clock event reasons.
    """

    time_s: float = 0.0
    sm_mhz: int = 0
    memory_mhz: int = 0
    temperature_c: int = 0
    power_w: float = 0.0
    reasons: int = 0


class GpuSensors:
    """NVML's view of one GPU; safe to use from any thread.

    Args:
        pci_bus_id: which GPU, such as ``0000:18:00.0``; with ``""`` every reading is empty.
        nvml: the NVML bindings; ``cuda.bindings.nvml`` by default.
    """

    def __init__(self, pci_bus_id: str, nvml: Any = None) -> None:
        self._nvml = nvml if nvml is not None else _load_nvml()
        self._handle: Any = None
        if pci_bus_id and self._started():
            self._handle = self._ask("device_get_handle_by_pci_bus_id_v2", pci_bus_id)

    def read(self) -> Reading:
        """Returns the sensors' current values."""
        return Reading(
            time_s=time.monotonic(),
            sm_mhz=self._number("device_get_clock_info", _CLOCK_SM),
            memory_mhz=self._number("device_get_clock_info", _CLOCK_MEMORY),
            temperature_c=self._number("device_get_temperature_v", _TEMPERATURE_GPU),
            power_w=self.power_w(),
            reasons=self._number("device_get_current_clocks_event_reasons"),
        )

    def driver_version(self) -> str:
        """Returns the version of the display driver, such as ``580.95.05``."""
        return str(self._ask("system_get_driver_version") or "")

    def memory_free_bytes(self) -> int:
        """Returns the free memory of this GPU."""
        memory = self._of_device("device_get_memory_info_v2")
        return int(getattr(memory, "free", 0))

    def energy_mj(self) -> int:
        """Returns NVML's counter of all energy since the driver was loaded, in mJ (Volta on)."""
        return self._number("device_get_total_energy_consumption")

    def power_w(self) -> float:
        """Returns the power that the board draws, in W."""
        return self._number("device_get_power_usage") / 1000  # NVML reports mW

    def ecc(self) -> str:
        """Returns ``on`` or ``off``."""
        return _switch(_first(self._of_device("device_get_ecc_mode")))

    def mig(self) -> str:
        """Returns ``on`` where the GPU is split into instances (MIG), else ``off``."""
        return _switch(_first(self._of_device("device_get_mig_mode")))

    def persistence(self) -> str:
        """Returns ``on`` where the driver stays loaded between programs, else ``off``."""
        return _switch(self._of_device("device_get_persistence_mode"))

    def confidential_computing(self) -> str:
        """Returns ``on`` where event times cannot be trusted to be positive, else ``off``.

        Source: NVIDIA/TensorRT#4740 (negative event times under Confidential Computing).
        """
        state = self._ask("system_get_conf_compute_state")
        return _switch(getattr(state, "cc_feature", None))

    def _started(self) -> bool:
        # NVML counts initialisations; one per process is left open on purpose.
        try:
            self._nvml.init_v2()
        except Exception:
            return False
        return True

    def _number(self, function: str, *arguments: Any) -> int:
        return int(self._of_device(function, *arguments) or 0)

    def _of_device(self, function: str, *arguments: Any) -> Any:
        if self._handle is None:
            return None
        return self._ask(function, self._handle, *arguments)

    def _ask(self, function: str, *arguments: Any) -> Any:
        # NVML has an exception for each status, and bindings and driver may each lack a function;
        # whatever it is, the answer is "unknown".
        try:
            return getattr(self._nvml, function)(*arguments)
        except Exception:
            return None


def _load_nvml() -> Any:
    try:
        return importlib.import_module("cuda.bindings.nvml")
    except ImportError:
        return None


def _first(pair: Any) -> Any:
    return pair[0] if pair else None


def _switch(state: Any) -> str:
    return "" if state is None else "on" if int(state) else "off"


# Clock event reasons of nvml.h. Source: nvmlClocksEventReason*.
SW_POWER_CAP = 0x4
HW_SLOWDOWN = 0x8
SW_THERMAL_SLOWDOWN = 0x20
HW_THERMAL_SLOWDOWN = 0x40
HW_POWER_BRAKE = 0x80

_REASON_NAMES = {
    0x2: "applications clocks setting",
    SW_POWER_CAP: "SW power cap",
    HW_SLOWDOWN: "HW slowdown",
    0x10: "sync boost",
    SW_THERMAL_SLOWDOWN: "SW thermal slowdown",
    HW_THERMAL_SLOWDOWN: "HW thermal slowdown",
    HW_POWER_BRAKE: "HW power brake slowdown",
    0x100: "display clock setting",
}
# SW power cap is not among them: it is the normal state of a GPU at full load, and only reported.
_INVALIDATING = HW_SLOWDOWN | SW_THERMAL_SLOWDOWN | HW_THERMAL_SLOWDOWN | HW_POWER_BRAKE


def reason_names(reasons: int) -> tuple[str, ...]:
    """Returns the names of the clock event reasons that are set; being idle has none."""
    return tuple(name for bit, name in _REASON_NAMES.items() if reasons & bit)


def is_throttled(reasons: int) -> bool:
    """Whether heat or a power brake throttled the GPU, so that samples must be discarded."""
    return bool(reasons & _INVALIDATING)
