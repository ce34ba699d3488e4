"""Options without effect: an error, or a warning where the CPU stands in for a GPU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from trtcore.api.options.declaring import BASELINE, BUILD, COMPARISON, PLAN, Option
from trtcore.errors import OptionError, argument
from trtcore.result.backends import find_backend
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

_KINDS = {
    PLAN: "for a plan, which is built already",
    BUILD: "for a build, which runs nothing",
    COMPARISON: "in a comparison of precisions, which is of several runs",
    BASELINE: "for a baseline, which times the model un-fused",
}


class Given(NamedTuple):
    """An option and its value, other than the default."""

    option: Option
    value: object

    @property
    def label(self) -> str:
        """As messages name it: the argument, its value and what it is about."""
        return f"{argument(self.option.name, self.value)} ({self.option.about})"


def given_options(options: Iterable[Option], values: Mapping[str, object]) -> list[Given]:
    """The options whose values are not the defaults."""
    return [
        Given(option, values[option.name])
        for option in options
        if option.name in values and option.is_given(values[option.name])
    ]


def require_meaning(given: Iterable[Given], kind: str, backend: str = "auto") -> None:
    """Raises OptionError if an option would have no effect.

    Args:
        given: what was given, with values of the right types.
        kind: of request, such as `PLAN`.
        backend: as given; ``auto`` refuses no option for the backend it will choose.

    Raises:
        OptionError: no effect for that kind of request, or with the backend requested by name.
    """
    given = tuple(given)
    ignored = [entry for entry in given if kind not in entry.option.use.kinds]
    _refuse(ignored, _KINDS.get(kind, ""))
    # Only a backend requested by name: what `auto` falls back to, `without_effect` warns of.
    if find_backend(backend).is_unfused:
        ignored = [entry for entry in given if entry.option.use.needs_engine]
        _refuse(ignored, f"with {argument('backend', backend)}, which builds no engine")


def without_effect(given: Iterable[Given], *, is_built: bool) -> Iterator[RunWarning]:
    """Warns of options without effect because the CPU runs the model instead of a GPU.

    Args:
        given: what was given.
        is_built: an engine was built all the same, so options of the build had their effect.
    """
    for option, _ in given:
        had_effect = is_built and BUILD in option.use.kinds
        if option.use.needs_engine and not had_effect:
            yield RunWarning(WarningKind.NO_EFFECT, names=(option.name, option.about))


def _refuse(ignored: list[Given], where: str) -> None:
    if not ignored:
        return
    # One error for all of them: who drops one option should not meet the next refusal.
    *some, last = [entry.label for entry in ignored]
    named = f"{', '.join(some)} and {last} have" if some else f"{last} has"
    raise OptionError(f"{named} no effect {where}: leave {'them' if some else 'it'} out")
