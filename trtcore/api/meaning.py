"""Which of the options that were given mean nothing: refused, or said where no GPU is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from trtcore.api.declaring import BASELINE, BUILD, COMPARISON, PLAN, Option
from trtcore.errors import OptionError, argument
from trtcore.result.backends import find_backend

_KINDS = {
    PLAN: "for a plan, which is built already",
    BUILD: "for a build, which runs nothing",
    COMPARISON: "in a comparison of precisions, which is of several runs",
    BASELINE: "for a baseline, which times the model un-fused",
}


class Given(NamedTuple):
    """An option and the value it was given."""

    option: Option
    value: object

    @property
    def words(self) -> str:
        """As a message names it, with what it is about."""
        return f"{argument(self.option.name, self.value)} ({self.option.about})"


def given_options(options: Iterable[Option], values: Mapping[str, object]) -> list[Given]:
    """Those of the options whose values are not the defaults."""
    return [
        Given(option, values[option.name])
        for option in options
        if option.name in values and option.is_given(values[option.name])
    ]


def require_meaning(given: Iterable[Given], kind: str, backend: str = "auto") -> None:
    """Refuses options that nothing would follow.

    Args:
        given: what was given, with values of the right types.
        kind: what is asked for, such as `PLAN`.
        backend: as it was given; with ``auto`` no option is refused for the backend that is found.

    Raises:
        OptionError: options mean nothing for that kind, or with the backend asked for by name.
    """
    given = tuple(given)
    _refuse([one for one in given if kind not in one.option.use.kinds], _KINDS.get(kind, ""))
    if find_backend(backend).is_unfused:
        lost = [one for one in given if one.option.use.needs_engine]
        _refuse(lost, f"with {argument('backend', backend)}, which builds no engine")


def without_effect(given: Iterable[Given], *, is_built: bool) -> Iterator[str]:
    """What means nothing where a GPU was hoped for and the CPU runs the model, one line each.

    Args:
        given: what was given.
        is_built: an engine was built all the same, so that what concerns building was followed.
    """
    for one in given:
        is_followed = is_built and BUILD in one.option.use.kinds
        if one.option.use.needs_engine and not is_followed:
            yield f"{one.words} has no effect: the model ran on the CPU"


def _refuse(lost: list[Given], where: str) -> None:
    if not lost:
        return
    *some, last = [one.words for one in lost]
    named = f"{', '.join(some)} and {last} mean" if some else f"{last} means"
    raise OptionError(f"{named} nothing {where}: leave {'them' if some else 'it'} out")
