"""The cells of a sweep: every combination of a model and its options."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from trtcore.api.options.declarations import SOURCE_OPTIONS
from trtcore.api.options.declaring import MODEL, Option
from trtcore.api.options.value_types import BLOBS, NAMES, PATHS
from trtcore.api.options.values import Options, check_value, read_options
from trtcore.errors import OptionError, argument

MOST_CELLS = 10_000
"""A week of one GPU at a minute a cell: what is larger is a slip, such as a range of seeds."""

_LISTS = (NAMES, BLOBS, PATHS)
"""Types whose one value is a list: several of them are a list of lists."""


@dataclass(frozen=True)
class Cell:
    """One combination, to be measured in a process of its own.

    Attributes:
        model: as the user named it.
        options: those of `trtcore.profile_model` that are not its defaults, ``weights`` and
            ``outputs`` too, as JSON has them.
    """

    model: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class SweptModel:
    """A model of a sweep.

    Attributes:
        source: ``googlenet`` or a path.
        options: of this model alone, over those of the plan; with ``shapes`` it takes no ``batch``
            of the plan.
    """

    source: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a sweep measures.

    Attributes:
        models: the models.
        options: for every model: a value, or a list of values of which each makes cells.
    """

    models: tuple[SweptModel, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    def cells(self) -> tuple[Cell, ...]:
        """Every cell once, model by model, the last option changing fastest.

        Raises:
            OptionError: no model, an unknown option, or a value that makes no sense.
        """
        if not self.models:
            raise OptionError("a sweep needs a model: name at least one")
        options = [_options(model, self.options) for model in self.models]
        count = sum(prod(map(len, values.values())) for values in options)
        if count > MOST_CELLS:
            raise OptionError(
                f"the sweep has {count} cells, more than {MOST_CELLS}: divide it into several"
            )
        found = [c for m, o in zip(self.models, options, strict=True) for c in _cells(m, o)]
        return tuple({json.dumps([c.model, c.options], sort_keys=True): c for c in found}.values())


def _options(model: SweptModel, shared: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """The values of every option of a model."""
    options = {**shared, **model.options}
    # Shapes have a batch in them: those of one model stand against the batches of all others.
    if "shapes" in model.options and "batch" not in model.options:
        options.pop("batch", None)
    return {name: _values(name, one) for name, one in options.items()}


def _cells(model: SweptModel, options: Mapping[str, Sequence[Any]]) -> Iterator[Cell]:
    for values in itertools.product(*options.values()):
        given = dict(zip(options, values, strict=True))
        yield Cell(model.source, _checked(given))


def _values(name: str, given: Any) -> Sequence[Any]:
    """The values of an option: those of a list, or the one that is given."""
    if not isinstance(given, (list, tuple)):
        return (given,)
    declared = _declared().get(name)
    if declared is not None and declared.type in _LISTS:
        are_lists = given and all(isinstance(one, (list, tuple)) for one in given)
        return given if are_lists else (given,)
    if not given:
        raise OptionError(f"{argument(name)} has no value: give at least one, or leave it out")
    return given


def _declared() -> dict[str, Option]:
    return {option.name: option for option in (*SOURCE_OPTIONS, *Options.declared)}


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are not defaults, as JSON has them, in the order of their declaration."""
    sources = {option.name: option for option in SOURCE_OPTIONS}
    for name in given.keys() & sources.keys():
        check_value(sources[name], given[name])
    read_options({name: one for name, one in given.items() if name not in sources}, MODEL)
    found = {
        name: _plain(given[name])
        for name, option in _declared().items()
        if name in given and option.is_given(given[name])
    }
    # A bare name that is a file here would be searched by the loader where it is none.
    if "plugins" in found:
        found["plugins"] = [
            f"./{name}" if "/" not in name and os.path.exists(name) else name
            for name in found["plugins"]
        ]
    return found


def _plain(value: Any) -> Any:
    """A value as JSON would hand it back, so that equal cells compare equal."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if hasattr(value, "__array__"):
        raise OptionError("a sweep cannot hand an array to its cells: write it to an .npz file")
    return str(getattr(value, "value", value))
