"""What is declared of an option. Imports nothing heavy, so that ``--help`` answers at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from trtcore.api.value_types import ValueType

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:  # the standard library has it since Python 3.11

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        """For type checkers only: the annotations of a subclass are the arguments of its init."""
        return lambda declared: declared


MODEL, PLAN, BUILD, COMPARISON = "model", "plan", "build", "comparison"
BASELINE, INSPECTION, CONVERSION = "baseline", "inspection", "conversion"
"""What is asked for: to profile a model or a plan, to build, and so on."""

PROFILES = (MODEL, PLAN, COMPARISON)
"""Kinds that ``trtcore profile`` answers."""


class Use(NamedTuple):
    """What options mean something for.

    Attributes:
        kinds: of what is asked for: `MODEL`, `PLAN` and so on.
        group: of ``--help``.
        needs_engine: they mean nothing with a backend that runs the model's nodes un-fused.
    """

    kinds: tuple[str, ...]
    group: str
    needs_engine: bool = False


class Option(NamedTuple):
    """All there is to know of an option.

    Attributes:
        name: of the argument, in Python.
        default: what it is where it is not given.
        type: of its values; None is accepted where it is the default.
        about: what it chooses, in a few words for an error.
        help: one line for ``--help``, or what makes it of a registry.
        use: what it means something for.
        metavar: what stands for its value in ``--help``.
        flag: on the command line; made of the name if empty.
        short: tells the values with a flag of their own, such as ``--fp16``.
        choices: the accepted words, where there are few.
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
        """Whether a value is another than the default; empty is as good as not given."""
        if isinstance(self.default, (tuple, dict)):
            return bool(value)
        return bool(value != self.default)


def option(**declared: Any) -> Any:
    """Declares an attribute of a `Declared`; takes what `Option` has, but for the name."""
    return Option(name="", **declared)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(option,))
class Declared:
    """Values of declared options, as a frozen dataclass would hold them.

    The standard library's would load `inspect` for ``--help``.

    Attributes:
        declared: the options, in order.
    """

    declared: ClassVar[tuple[Option, ...]] = ()

    def __init_subclass__(cls) -> None:
        found = {name: one for name, one in vars(cls).items() if isinstance(one, Option)}
        if found:
            cls.declared = tuple(one._replace(name=name) for name, one in found.items())

    def __init__(self, **given: Any) -> None:
        known = {one.name: one.default for one in self.declared}
        if unknown := sorted(given.keys() - known.keys()):
            raise TypeError(f"{type(self).__name__} has no option '{unknown[0]}'")
        vars(self).update({**known, **given})
        self.check()

    def check(self) -> None:
        """Raises an error if values make no sense."""

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
