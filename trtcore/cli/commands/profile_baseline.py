"""``trtcore profile --baseline``: what the un-optimised network cost, beside the engine."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from trtcore.api.calls import profile_baseline
from trtcore.api.declaring import BASELINE
from trtcore.cli.api_options import precision_options, values_for
from trtcore.cli.commands.baseline_model import check_model
from trtcore.cli.terminal import notify, shown_progress
from trtcore.errors import OptionError, ResultError
from trtcore.measure.nodes.choice import check_baseline, choose_baseline, measured
from trtcore.result.readers.load import load_baseline
from trtcore.result.records import Profile


@dataclass(frozen=True)
class Baseline:
    """What a profile will be compared with.

    Attributes:
        asked: as given on the command line.
        loaded: what a file held; None for what is timed on the spot.
    """

    asked: str
    loaded: Profile | None = None

    def show(self, profile: Profile, options: argparse.Namespace) -> bool:
        """Prints the comparison; returns whether Ctrl-C ended it early.

        Raises:
            ResultError: the baseline is of another model.
            ModelError: what times it refuses the model.
        """
        if self._is_itself(profile, options):
            notify(
                f"--baseline {self.asked}: ONNX Runtime on the CPU would be compared with itself, "
                "as the profile is its own; a saved result, a log or --baseline torch would do"
            )
            return False
        base = self.loaded if self.loaded is not None else self._measure(options)
        if base is None:
            notify("interrupted before the baseline was measured")
            return True
        try:
            _print(base, profile, options.allow_partial)
        except ResultError as error:
            raise ResultError(f"--baseline {self.asked}: {error}") from None
        return self.loaded is None and base.counts.interrupted

    def _is_itself(self, profile: Profile, options: argparse.Namespace) -> bool:
        """Whether the profile is of the model as it is, timed with what would time the baseline."""
        converted = options.backend == profile.backend and any(precision_options(options).values())
        if self.loaded is not None or converted:
            return False
        return profile.backend == choose_baseline(self.asked)[0]

    def _measure(self, options: argparse.Namespace) -> Profile | None:
        """Times the model in its own precision, with the same input.

        None after Ctrl-C with nothing measured.
        """
        given = values_for(options, BASELINE)
        of_precision = precision_options(options)
        try:
            with shown_progress(options.quiet) as progress:
                return profile_baseline(
                    options.model,
                    self.asked,
                    progress=progress,
                    notify=notify,
                    **{name: one for name, one in given.items() if name not in of_precision},
                )
        except KeyboardInterrupt:
            return None


def prepare_baseline(options: argparse.Namespace, *, is_built: bool) -> Baseline | None:
    """Finds out before the long work whether there can be a baseline; None if none is asked for.

    Args:
        options: of the command line.
        is_built: the model is a plan.

    Raises:
        OptionError: it contradicts another option, or there is no model to time.
        BackendError: PyTorch was asked for and is not installed.
        ResultError: a file that cannot be read, is no baseline or one of another model.
        ModelError: the model, which a file is compared with, cannot be read.
    """
    asked: str | None = options.baseline
    if asked is None:
        _check_unused(options)
        return None
    if options.quiet:
        raise OptionError("--baseline prints a table and --quiet none: leave one of them out")
    if asked not in measured():
        loaded = load_baseline(asked, layer_info=options.layer_info)
        if not (is_built or options.allow_partial):
            check_model(loaded, options)
        return Baseline(asked, loaded)
    if options.layer_info is not None:
        raise OptionError(f"--layer-info goes with a file, and --baseline {asked} is timed here")
    if is_built:
        raise OptionError(
            f"--baseline {asked} times the model, and {options.model} is built already: name the "
            "file of a saved baseline"
        )
    check_baseline(asked)
    return Baseline(asked)


def _check_unused(options: argparse.Namespace) -> None:
    for option, is_given in (
        ("--layer-info", options.layer_info is not None),
        ("--allow-partial", options.allow_partial),
    ):
        if is_given:
            raise OptionError(f"{option} is about the file of --baseline, and none is named")


def _print(base: Profile, profile: Profile, allow_partial: bool) -> None:
    from trtcore.cli.screen import Screen
    from trtcore.compare.profiles import compare_profiles
    from trtcore.report.terminal.comparison import render_baseline

    console = Screen()
    comparison = compare_profiles(base, profile, allow_partial=allow_partial)
    console.print()
    console.out(render_baseline(comparison, width=console.table_width), highlight=False)
