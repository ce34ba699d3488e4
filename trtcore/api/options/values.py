"""How to build and run: the values of every option, checked in one place."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from trtcore.api.options.declarations import SOURCE_OPTIONS, Declarations
from trtcore.api.options.declaring import Option
from trtcore.api.options.meaning import Given, given_options, require_meaning
from trtcore.errors import OptionError, argument
from trtcore.models.input_texts import check_inputs
from trtcore.precision.request import Precision, check_keep_fp32, read_io_precision
from trtcore.system.quotations import quoted

if TYPE_CHECKING:
    from trtcore.measure.length.stopping import StopRule


MOST_PRECISION_TARGET = 0.1
"""A larger target is taken for a percentage (0.5 for 0.5 %): an interval of +-10 % tells little."""

# What ONNX, TensorRT and TOML have for a number; Python does not even print much larger ones.
_LARGEST = (1 << 63) - 1


class Options(Declarations):
    """How to build and run; the defaults are those of the command line.

    The attributes are those of `Declarations`.

    Raises:
        OptionError: a value of another type, or one that makes no sense.
    """

    @property
    def given(self) -> list[Given]:
        """The options whose values are not the defaults."""
        return given_options(self.declared, vars(self))

    @property
    def wants_accuracy(self) -> bool:
        """Whether the outputs are to be compared with those of the FP32 model."""
        return self.accuracy or self.tolerance is not None

    def check(self) -> None:
        """Raises OptionError if a value makes no sense."""
        # Types first: the checks below may then take them for granted.
        for option in self.declared:
            check_value(option, getattr(self, option.name))
        self.stop_rule()  # for its checks of target and time
        check_inputs(self.inputs)
        if self.precision is not None:
            Precision(self.precision)  # raises an OptionError that lists the precisions
        if self.io_precision is not None:
            read_io_precision(self.io_precision)
        check_keep_fp32(self.keep_fp32)
        if self.peak is not None:
            from trtcore.result.analysis.cost.given_peaks import MEASURE, parse_peaks

            if self.peak != MEASURE:
                parse_peaks(self.peak)
        self.check_repeats()
        if self.tolerance is not None:
            from trtcore.result.analysis.requirements import check_limit

            check_limit(self.tolerance)

    def check_repeats(self) -> None:
        """Raises OptionError if builds and processes are both repeated."""
        if self.builds > 1 and self.processes > 1:
            raise OptionError(
                f"{argument('builds', self.builds)} and {argument('processes', self.processes)} "
                "cannot be combined: builds are compared within one process, leave one of them out"
            )

    def stop_rule(self) -> StopRule | None:
        """The rule that ends a run; None for a fixed number of iterations.

        Raises:
            OptionError: a target or a time that makes no sense.
        """
        if self.precision_target is None and self.max_seconds is None:
            return None
        from trtcore.measure.length.stopping import StopRule

        default = StopRule()
        rule = replace(
            default,
            target=default.target if self.precision_target is None else self.precision_target,
            at_most_s=default.at_most_s if self.max_seconds is None else self.max_seconds,
        )
        if rule.target > MOST_PRECISION_TARGET:
            raise OptionError(
                f"{argument('precision_target')} is {rule.target}, which is {rule.target:.0%}; it "
                f"must be {MOST_PRECISION_TARGET} or less: 0.005 is 0.5 %"
            )
        return rule


def read_options(given: Mapping[str, Any], kind: str) -> Options:
    """Options from keyword arguments.

    Args:
        given: values by name.
        kind: what they are for, such as `MODEL` of the declarations.

    Raises:
        OptionError: an unknown option, a value that makes no sense, or one without effect.
    """
    # Arguments of their own where they apply; elsewhere they arrive here and get their own error.
    require_meaning(given_options(SOURCE_OPTIONS, given), kind)
    known = [option.name for option in Options.declared]
    for name in given:
        if name not in known:
            near = get_close_matches(name, known)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
            raise OptionError(f"there is no option {quoted(name)}: {hint}")
    options = Options(**given)
    require_meaning(options.given, kind, options.backend)
    return options


def check_argument(name: str, value: object) -> None:
    """Raises OptionError if the declaration of an option rules a value out.

    For calls that take a few options as plain arguments.
    """
    check_value(next(option for option in Options.declared if option.name == name), value)


def check_value(option: Option, value: object) -> None:
    """Raises OptionError if the declaration rules a value out: by type, choices or range."""
    if value is None and option.default is None:
        return
    name = argument(option.name)
    if not option.type.accepts(value):
        given = _described(value)
        or_none = ", or None" if option.default is None else ""
        raise OptionError(f"{name} is {given}, expected {option.type.expected}{or_none}")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise OptionError(f"{name} has more than 64 bits")
    if option.choices and value not in option.choices:
        raise OptionError(f"{name} is {quoted(value)}, must be one of {', '.join(option.choices)}")
    if option.least is not None and value < option.least:  # type: ignore[operator]
        raise OptionError(f"{name} is {value}, must be {option.least} or more")
    if option.most is not None and value > option.most:  # type: ignore[operator]
        raise OptionError(f"{name} is {value}, must be {option.most} or less")


def _described(value: object) -> str:
    """A value of another type: it can be a whole model, so one line that can be read."""
    try:
        return " ".join(reprlib.repr(value).split())
    except ValueError:  # a number of thousands of digits, which Python does not write out
        return f"of the type {type(value).__name__}"
