"""The TOML file of a sweep, and the cells that it asks for."""

from __future__ import annotations

from unittest.mock import patch

from fuzz.trying import file_of, refusing

from trtcore.cli.plan_file import read_plan_file
from trtcore.sweeps import cells
from trtcore.sweeps.declarations import SweepOptions

# More cells are the same code again, and would take most of the time.
MOST_CELLS = 50
OWN = {option.name for option in SweepOptions.declared}


def fuzz_one(data: bytes) -> None:
    with refusing(), patch.object(cells, "MOST_CELLS", MOST_CELLS):
        read = read_plan_file(str(file_of(data, ".toml")))
        SweepOptions(**{name: one for name, one in read.options.items() if name in OWN})
        others = {name: one for name, one in read.options.items() if name not in OWN}
        cells.Plan(read.models, others).cells()
