"""Reads the TOML file of a sweep.

::

    models = ["googlenet", {source = "bert.onnx", shapes = ["ids:1x128", "ids:1x384"]}]
    output = "results"       # -o
    batch = [1, 4, 16]       # a list: a cell for each
    precision = ["fp32", "fp16"]
    iterations = 500         # any other option of trtcore profile, by its name in Python
    cell_seconds = 600       # those of the sweep itself, too

    [slurm]                  # arguments of dask_jobqueue.SLURMCluster
    jobs = 4
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from trtcore.cli.api_options import parse_io_formats, parse_shapes
from trtcore.errors import OptionError, ResultError
from trtcore.sweeps.cells import SweptModel
from trtcore.sweeps.files import BUILT_IN
from trtcore.system.files import read_text
from trtcore.system.json_text import explained

_TEXTS: Mapping[str, Callable[[list[str]], Any]] = {
    "shapes": parse_shapes,
    "io_formats": parse_io_formats,
}
"""Options whose values may be written as on the command line."""
# Ranges of shapes by input, of several cells, in a model: 6. Dotted keys nest without end.
_MOST_LEVELS = 20
# TOML's own limit; Python reads larger ones where they are written in hexadecimal.
_LARGEST = (1 << 63) - 1


class PlanFile(NamedTuple):
    """What the file of a sweep says.

    Attributes:
        models: to measure.
        output: the folder of the results; ``""`` if it is not said.
        options: those of every model, and of the sweep.
    """

    models: tuple[SweptModel, ...]
    output: str
    options: dict[str, Any]


def is_plan_file(path: str) -> bool:
    """Whether a path names the file of a sweep."""
    return path.lower().endswith(".toml")


def read_plan_file(path: str) -> PlanFile:
    """Reads the file of a sweep; paths in it are relative to its folder.

    Raises:
        ResultError: it cannot be read.
        OptionError: it is no TOML, or not that of a sweep.
    """
    told, folder = _parsed(path), Path(path).parent
    models, output = told.pop("models", None), told.pop("output", "")
    if not isinstance(models, list) or not models:
        raise OptionError(f'{path}: needs models = ["googlenet", "net.onnx"]')
    if not isinstance(output, str):
        raise OptionError(f"{path}: output is {output!r:.80}, expected the path of a folder")
    return PlanFile(
        tuple(_model(path, one, folder) for one in models),
        str(folder / output) if output else "",
        _options(told, folder),
    )


def _parsed(path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        told: dict[str, Any] = tomllib.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise OptionError(f"{path}: is no TOML: {explained(error)}") from None
    except ResultError as error:
        raise OptionError(str(error)) from None
    _check_values(path, told)
    return told


def _check_values(path: str, told: object) -> None:
    """Raises OptionError for what no option has, and other code could not even print."""
    level, depth = [told], 0
    while level:
        if depth > _MOST_LEVELS:
            raise OptionError(f"{path}: is no file of a sweep: nested too deeply")
        if any(isinstance(one, int) and abs(one) > _LARGEST for one in level):
            raise OptionError(f"{path}: has a number of more than 64 bits")
        level = [inner for one in level for inner in _held_by(one)]
        depth += 1


def _held_by(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _model(path: str, told: object, folder: Path) -> SweptModel:
    if isinstance(told, str):
        return SweptModel(_placed(told, folder))
    if not isinstance(told, dict) or not isinstance(told.get("source"), str):
        raise OptionError(
            f"{path}: a model is {told!r:.80}, expected its path, or a table with its source"
        )
    own = {name: one for name, one in told.items() if name != "source"}
    return SweptModel(_placed(told["source"], folder), _options(own, folder))


def _placed(source: str, folder: Path) -> str:
    return source if source == BUILT_IN else str(folder / source)


def _options(told: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    return {name: _value(name, one, folder) for name, one in told.items()}


def _value(name: str, value: Any, folder: Path) -> Any:
    """A value; texts are read as the command line reads them, and paths from the folder on."""
    if isinstance(value, list) and (name in _TEXTS or name in ("plugins", "inputs", "weights")):
        return [_value(name, one, folder) for one in value]
    if not isinstance(value, str):
        return value
    if name in _TEXTS:
        return _TEXTS[name]([value])
    is_file = name in ("weights", "plugins") or (name == "inputs" and value.endswith(".npz"))
    return str(folder / value) if is_file else value
