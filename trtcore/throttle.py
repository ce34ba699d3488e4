"""Why a GPU runs below its clock, in words, and which of it spoils a measurement.

Source: ``nvmlClocksEventReasons`` in NVIDIA's nvml.h; the words are those of nvidia-smi.
"""

from __future__ import annotations

SW_POWER_CAP = 0x4
HW_SLOWDOWN = 0x8
SW_THERMAL_SLOWDOWN = 0x20
HW_THERMAL_SLOWDOWN = 0x40
HW_POWER_BRAKE = 0x80

_WORDS = {
    0x2: "applications clocks setting",
    SW_POWER_CAP: "SW power cap",
    HW_SLOWDOWN: "HW slowdown",
    0x10: "sync boost",
    SW_THERMAL_SLOWDOWN: "SW thermal slowdown",
    HW_THERMAL_SLOWDOWN: "HW thermal slowdown",
    HW_POWER_BRAKE: "HW power brake slowdown",
    0x100: "display clock setting",
}
_SPOILS = HW_SLOWDOWN | SW_THERMAL_SLOWDOWN | HW_THERMAL_SLOWDOWN | HW_POWER_BRAKE


def reason_names(reasons: int) -> tuple[str, ...]:
    """Returns the set bits of NVML's clock event reasons in words; an idle GPU is no reason."""
    return tuple(word for bit, word in _WORDS.items() if reasons & bit)


def is_throttled(reasons: int) -> bool:
    """Whether heat or power held the clock down so far that samples are to be measured again."""
    return bool(reasons & _SPOILS)
