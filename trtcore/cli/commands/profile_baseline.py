"""``trtcore profile --baseline``: the un-optimised network beside the engine."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trtcore.api.calls import profile_baseline
from trtcore.api.options.declaring import BASELINE
from trtcore.cli.api_options import OF_LOADING, precision_options, values_for
from trtcore.cli.named_model import NamedModel
from trtcore.cli.phases import print_phases
from trtcore.cli.terminal import notify, shown_progress
from trtcore.compare.same_model import check_same_model
from trtcore.errors import OptionError, ResultError
from trtcore.measure.nodes.choice import check_baseline, choose_baseline, measured
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.readers.load import load_baseline
from trtcore.result.records.profile import Profile

if TYPE_CHECKING:
    from trtcore.models.model import Model


@dataclass(frozen=True)
class Baseline:
    """The baseline of a profile.

    Attributes:
        source: as given on the command line: a timer's name or a file.
        loaded: the profile of a file; None if the baseline is timed in this run.
        model: the model to time then; None for a plan.
    """

    source: str
    loaded: Analysis | None = None
    model: NamedModel | None = None

    def show(self, analysis: Analysis, options: argparse.Namespace) -> bool:
        """Prints the comparison; returns whether Ctrl-C ended it early.

        Raises:
            ResultError: the baseline is of another model.
            ModelError: the runtime refuses the model.
        """
        if self._is_itself(analysis.profile, options):
            notify(
                f"--baseline {self.source}: ONNX Runtime on the CPU would be compared with itself, "
                "as the profile is its own; use a saved result, a log or --baseline torch"
            )
            return False
        base = self.loaded if self.loaded is not None else self._measure(options)
        if base is None:
            notify("interrupted before the baseline was measured")
            return True
        watch = Stopwatch()
        try:
            with watch.phase(Phase.REPORT):
                _print(base, analysis, options)
        except ResultError as error:
            raise ResultError(f"--baseline {self.source}: {error}") from None
        if options.verbose and self.loaded is None:
            print_phases((*base.profile.phases, *watch.times))
        return self.loaded is None and base.profile.counts.interrupted

    def _is_itself(self, profile: Profile, options: argparse.Namespace) -> bool:
        """Whether profile and baseline would be the same model under the same timer."""
        # A converted graph differs from the model, so that there is something to compare.
        converted = options.backend == profile.backend and any(precision_options(options).values())
        if self.loaded is not None or converted:
            return False
        return profile.backend == choose_baseline(self.source)[0]

    def _measure(self, options: argparse.Namespace) -> Analysis | None:
        """Times the model in its own precision, with the same input.

        None after Ctrl-C with nothing measured.
        """
        given = values_for(options, BASELINE)
        left_out = {*precision_options(options), *OF_LOADING}
        try:
            with shown_progress(options.quiet) as progress:
                return Analysis(
                    profile_baseline(
                        self.model,
                        self.source,
                        progress=progress,
                        notify=notify,
                        **{name: one for name, one in given.items() if name not in left_out},
                    )
                )
        except KeyboardInterrupt:
            return None


def prepare_baseline(options: argparse.Namespace, model: NamedModel | None) -> Baseline | None:
    """Checks and loads the baseline before the long work; None without --baseline.

    Args:
        options: of the command line.
        model: what is to be profiled; None for a plan.

    Raises:
        OptionError: it contradicts another option, or there is no model to time.
        BackendError: PyTorch was requested and is not installed.
        ResultError: a file that cannot be read, is no baseline or one of another model.
        ModelError: the model, which a file is compared with, cannot be read.
    """
    source: str | None = options.baseline
    if source is None:
        _check_unused(options)
        return None
    if options.quiet:
        raise OptionError("--baseline prints a table and --quiet none: leave one of them out")
    if source not in measured():
        loaded = Analysis(load_baseline(source, layer_info=options.layer_info))
        # Now rather than after the run; the nodes of a plan are known only once it has run.
        if not (model is None or options.allow_partial):
            _check_model(source, loaded, model())
        return Baseline(source, loaded)
    if options.layer_info is not None:
        raise OptionError(f"--layer-info goes with a file, and --baseline {source} is timed here")
    if model is None:
        raise OptionError(
            f"--baseline {source} times the model, and {options.model} is built already: name the "
            "file of a saved baseline"
        )
    check_baseline(source)
    return Baseline(source, model=model)


def _check_model(source: str, base: Analysis, model: Model) -> None:
    from trtcore.api.assemble import model_record

    try:
        check_same_model(base, model_record(model))
    except ResultError as error:
        raise ResultError(f"--baseline {source}: {error}") from None


def _check_unused(options: argparse.Namespace) -> None:
    for option, is_given in (
        ("--layer-info", options.layer_info is not None),
        ("--allow-partial", options.allow_partial),
    ):
        if is_given:
            raise OptionError(f"{option} is about the file of --baseline, and none is named")


def _print(base: Analysis, new: Analysis, options: argparse.Namespace) -> None:
    from trtcore.cli.screen import Screen
    from trtcore.compare.profiles import compare_profiles
    from trtcore.report.terminal.comparison import render_baseline

    console = Screen()
    comparison = compare_profiles(base, new, allow_partial=options.allow_partial)
    console.print()
    text = render_baseline(comparison, width=console.table_width, full_names=options.full_names)
    console.out(text, highlight=False)
