"""``trtcore report``: a saved result in any form, without a GPU or TensorRT."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from trtcore.cli.formats import (
    VIEW_DEFAULTS,
    chosen_format,
    form_of_precisions,
    give,
    precisions_view,
    profile_view,
)
from trtcore.cli.outputs import check_outputs
from trtcore.cli.terminal import notify
from trtcore.compare.precisions.saved import parse_precisions
from trtcore.errors import OptionError
from trtcore.report.formats import default_format
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.readers.load import parse_baselines
from trtcore.result.records.profile import Profile
from trtcore.result.saved import is_precisions
from trtcore.system.files import read_text


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    if options.allow_partial and not options.more:
        raise OptionError("--allow-partial is about several results: leave it out")
    if options.html is not None:
        _check_html(options)
        from trtcore.cli.html_page import report_html

        return report_html(options)
    if options.more:
        raise OptionError(
            f"{options.more[0]}: several results are for --html OUT.html; see compare"
        )
    form = chosen_format(options)
    if (options.annotate is None) != (options.model is None):
        raise OptionError("--annotate FILE and --model FILE.onnx need each other")
    outputs = {"-o": options.output_file, "--annotate": options.annotate}
    inputs = {"FILE": options.file, "MODEL": options.model}
    inputs |= {f"--layer-info {i}": file for i, file in enumerate(options.layer_info, 1)}
    check_outputs(outputs, inputs)
    text = read_text(options.file)
    if is_precisions(text):
        form = form_of_precisions(options, form)
        if options.annotate is not None:
            raise OptionError("--annotate is of one profile, not of a comparison of precisions")
        if options.layer_info:
            raise OptionError("--layer-info only applies to a trtexec profile")
        comparison = parse_precisions(text, options.file)
        give(comparison, form, options, precisions_view(options))
        return 0
    (profile,) = parse_baselines((text,), (options.file,), layer_info=options.layer_info)
    if options.peak is not None:
        profile = replace(profile, peaks=parse_peaks(options.peak))
    if options.annotate is not None:
        _annotate(profile, options)
    give(profile, form, options, profile_view(options, form))
    # After the text, on standard error: the formats of other tools have no place to say it.
    if form.left_out is not None and (line := form.left_out(profile)):
        notify(line)
    return 0


def _annotate(profile: Profile, options: argparse.Namespace) -> None:
    """Writes --annotate, before anything is printed, as printing may fail."""
    from trtcore.cli.annotated import write_annotated

    if Path(options.model).suffix == ".prototxt":
        # Without --weights its values would be made up.
        raise OptionError(
            f"--model {options.model} is a Caffe model: make it ONNX with trtcore convert, or use "
            "trtcore profile --annotate"
        )
    write_annotated(Analysis(profile), options.model, options.annotate)


def _check_html(options: argparse.Namespace) -> None:
    """Raises OptionError for an option without effect on the page, which has its own views."""
    own = {"format": default_format(), "output_file": None, "annotate": None, "model": None}
    defaults = VIEW_DEFAULTS | own
    for option, default in defaults.items():
        if getattr(options, option) != default:
            name = "-o" if option == "output_file" else f"--{option.replace('_', '-')}"
            raise OptionError(f"{name} has no effect on the page of --html: leave it out")
