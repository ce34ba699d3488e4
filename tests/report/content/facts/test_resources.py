"""The lines on memory, energy and processes, whole."""

from __future__ import annotations

import numpy as np

from trtcore.report.content.facts.resources import energy_facts, memory_text, processes_text
from trtcore.result.analysis.memory import MemoryNeeds
from trtcore.result.records.energy import Energy, EnergyGap, EnergySource
from trtcore.result.records.repeats import ProcessMedians, SeriesMedians

MB = 10**6


def test_memory() -> None:
    needs = MemoryNeeds(13 * MB, 10 * MB, 2 * MB, 600 * MB, 700 * MB, 150 * MB, 200 * MB, 1, 2000)
    assert memory_text(needs) == (
        "weights 13.0 MB; activations of a context 10.0 MB; inputs and outputs 2.0 MB; device peak "
        "of the process 600.0 MB; host peak of the process 700.0 MB, 200.0 MB of it before the "
        "run, 150.0 MB for contexts; one context would fit up to about batch 2000, extrapolated "
        "from activations, inputs and outputs per item"
    )
    assert memory_text(MemoryNeeds(host=700 * MB)) == "host peak of the process 700.0 MB"


def test_energy() -> None:
    energy = Energy(
        EnergySource.COUNTER, 600.0, 2.0, 4000, 70.0, graph_joules=500.0, graph_iterations=5000
    )
    assert energy_facts(energy, 4) == [
        (
            "Energy",
            "150.000 mJ an inference, 37.500 mJ an item, 300.0 W, by NVML's energy counter over "
            "4000 un-profiled iterations in 2.0 s",
        ),
        (
            "Idle power",
            "70.0 W with the engine loaded: 35.000 mJ of an inference, which leaves 115.000 mJ",
        ),
        ("CUDA graph", "100.000 mJ an inference, 25.000 mJ an item, over 5000 launches"),
    ]
    alone = energy_facts(Energy(EnergySource.POWER, 600.0, 2.0, 4000), 1)
    assert alone == [
        (
            "Energy",
            "150.000 mJ an inference, 300.0 W, by NVML's power over 4000 un-profiled iterations in "
            "2.0 s",
        )
    ]


def test_energy_that_was_not_measured() -> None:
    short = Energy(seconds=0.25, iterations=100, gap=EnergyGap.TOO_SHORT)
    texts = [
        energy_facts(energy, 1)[0][1]
        for energy in (short, Energy(gap=EnergyGap.NO_SENSOR), Energy(gap=EnergyGap.INTERRUPTED))
    ]
    assert texts == [
        "not measured: the longest un-profiled loop took 0.25 s, 1 s is needed",
        "not measured: NVML reports neither energy nor power",
        "not measured: interrupted",
    ]


def test_processes() -> None:
    series = (SeriesMedians("wall_ms", np.array([0.638, 0.644, 0.641])),)
    assert processes_text(ProcessMedians(np.ones((3, 1)), series, shown=2)) == (
        "3 fresh ones: latency 0.6380 to 0.6440 ms (0.94% apart); shown is number 3, in the "
        "middle; intervals of the latency are over all of them"
    )
