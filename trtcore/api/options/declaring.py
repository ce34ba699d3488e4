"""How an option is declared. Imports nothing heavy, so that ``--help`` answers at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from trtcore.api.options.value_types import ValueType

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:  # the standard library has it since Python 3.11

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        """For type checkers only: the annotations of a subclass are the arguments of its init."""
        return lambda declared: declared


MODEL, PLAN, BUILD, COMPARISON = "model", "plan", "build", "comparison"
BASELINE, INSPECTION, CONVERSION = "baseline", "inspection", "conversion"
"""Kinds of requests: to profile a model or a plan, to build, and so on."""

PROFILES = (MODEL, PLAN, COMPARISON)
"""Kinds that ``trtcore profile`` answers."""


class Use(NamedTuple):
    """The requests and backends that options have an effect for.

    Attributes:
        kinds: of requests: `MODEL`, `PLAN` and so on.
        group: heading in ``--help``.
        needs_engine: no effect with a backend that runs the model's nodes un-fused.
    """

    kinds: tuple[str, ...]
    group: str
    needs_engine: bool = False


class Option(NamedTuple):
    """The declaration of an option.

    Attributes:
        name: of the Python argument.
        default: the value if it is not given.
        type: of its values; None is accepted too if it is the default.
        about: what it chooses, in a few words for errors.
        help: one line for ``--help``, or a function that lists a registry in one.
        use: the requests and backends it has an effect for.
        metavar: placeholder of its value in ``--help``.
        flag: on the command line; derived from the name if empty.
        short: returns the values with a flag of their own, such as ``--fp16``.
        choices: the accepted values of an enumeration.
        least: the smallest accepted number.
        most: the largest.
    """

    name: str
    default: Any
    type: ValueType
    about: str
    help: str | Callable[[], str]
    use: Use
    metavar: str = ""
    flag: str = ""
    short: Callable[[], tuple[str, ...]] = tuple
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None

    @property
    def spelling(self) -> str:
        """On the command line."""
        return self.flag or "--" + self.name.replace("_", "-")

    @property
    def help_line(self) -> str:
        """What ``--help`` says of it."""
        return self.help if isinstance(self.help, str) else self.help()

    def is_given(self, value: object) -> bool:
        """Whether a value differs from the default; an empty list counts as not given."""
        # ("a",) and ["a"] are both accepted, so emptiness is compared and not the type.
        if isinstance(self.default, (tuple, dict)):
            return bool(value)
        return bool(value != self.default)


def option(**declared: Any) -> Any:
    """Declares an attribute of a `Declared`; takes the fields of `Option` but the name."""
    # Any, so that a type checker accepts it as the default of an annotated attribute.
    return Option(name="", **declared)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(option,))
class Declared:
    """Values of declared options, like a frozen dataclass.

    `dataclasses` itself imports `inspect`, too slow for ``--help``.

    Attributes:
        declared: the options, in order.
    """

    declared: ClassVar[tuple[Option, ...]] = ()

    def __init_subclass__(cls) -> None:
        options = {name: row for name, row in vars(cls).items() if isinstance(row, Option)}
        if options:  # a subclass that declares none, such as `Options`, keeps those of its base
            cls.declared = tuple(row._replace(name=name) for name, row in options.items())

    def __init__(self, **given: Any) -> None:
        known = {option.name: option.default for option in self.declared}
        if unknown := sorted(given.keys() - known.keys()):
            raise TypeError(f"{type(self).__name__} has no option '{unknown[0]}'")
        # Past __setattr__, which makes the values read-only.
        vars(self).update({**known, **given})
        self.check()

    def check(self) -> None:
        """Raises an error if values make no sense; called once all are set."""

    def replaced(self, **changes: Any) -> Self:
        """The same but for some values."""
        return type(self)(**{**vars(self), **changes})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed: {name}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # it may hold lists

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({values})"
