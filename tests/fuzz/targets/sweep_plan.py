"""The TOML file of a sweep, and the cells that it asks for."""

from __future__ import annotations

from fuzz.trying import file_of, refusing

from trtcore.cli.plan_file import read_plan_file
from trtcore.sweeps.cells import Plan
from trtcore.sweeps.declarations import SweepOptions

OWN = {option.name for option in SweepOptions.declared}


def fuzz_one(data: bytes) -> None:
    with refusing():
        read = read_plan_file(str(file_of(data, ".toml")))
        SweepOptions(**{name: one for name, one in read.options.items() if name in OWN})
        others = {name: one for name, one in read.options.items() if name not in OWN}
        Plan(read.models, others).cells()
