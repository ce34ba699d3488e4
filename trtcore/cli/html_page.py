"""The HTML report of the command line: which files it is of, and the commands that it quotes."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from trtcore.cli.outputs import check_outputs
from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.compare.precisions.saved import parse_precisions
from trtcore.errors import OptionError
from trtcore.report.html.libraries import require_libraries
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.readers.load import parse_baselines
from trtcore.result.records.profile import Profile
from trtcore.result.saved import is_precisions
from trtcore.system.file_kind import PLAN_SUFFIXES
from trtcore.system.files import read_text, write_file

_AS_IT_WAS = "Measure again, as it was measured"
_AS_RECORDED = "Measure again, with the options that the result records"
_BUILT_IN = "built-in"
"""`trtcore.models.model.Model.source` of a network that its name alone makes."""


def report_html(options: argparse.Namespace) -> int:
    """Writes the page of ``trtcore report FILE [FILE...] --html``; returns the exit code."""
    files = (options.file, *options.more)
    require_libraries()
    inputs = {f"FILE {i}": file for i, file in enumerate(files, 1)}
    inputs |= {f"--layer-info {i}": file for i, file in enumerate(options.layer_info, 1)}
    check_outputs({"--html": options.html}, inputs)
    results = _load(files, options.layer_info)
    if options.peak is not None:
        results = _with_peaks(results, options.peak)
    write_page(
        options.html, results, options.command_line, files, allow_partial=options.allow_partial
    )
    return 0


def write_page(
    path: str,
    result: Profile | PrecisionComparison | Sequence[Profile],
    command_line: Sequence[str],
    files: Sequence[str] = (),
    *,
    allow_partial: bool = False,
) -> None:
    """Writes a page with the command that made it; of several results although models differ.

    Raises:
        ResultError: the results cannot be compared, or the file not be written.
        OptionError: too many results, or the extra is missing.
    """
    from trtcore.report.html.page import render_html

    names = _names(files)
    commands = _commands(result, command_line)
    page = render_html(result, names=names, allow_partial=allow_partial, commands=commands)
    # Escaped, not refused: names from other tools' files may hold lone surrogates.
    write_file(path, page.encode(errors="backslashreplace"))


def _names(files: Sequence[str]) -> tuple[str, ...]:
    """What results are called: their files, with folders or a number where those are alike."""
    names = tuple(Path(file).name for file in files)
    if len(set(names)) == len(names):
        return names
    if len(set(files)) == len(files):
        return tuple(files)
    return tuple(f"{file} ({i})" for i, file in enumerate(files, 1))


def _load(
    files: Sequence[str], layer_info: Sequence[str]
) -> PrecisionComparison | tuple[Profile, ...]:
    """The results, or the one comparison of precisions.

    Raises:
        OptionError: a comparison of precisions beside other files.
    """
    texts = [read_text(file) for file in files]
    for file, text in zip(files, texts, strict=True):
        if not is_precisions(text):
            continue
        if len(files) > 1:
            raise OptionError(f"{file} is a comparison of precisions: report it alone")
        if layer_info:
            raise OptionError("--layer-info only applies to a trtexec profile")
        return parse_precisions(text, file)
    return parse_baselines(texts, files, layer_info=layer_info)


def _with_peaks(
    results: PrecisionComparison | tuple[Profile, ...], given: str
) -> tuple[Profile, ...]:
    """The results with the same peaks.

    Raises:
        OptionError: peaks that are not understood, or beside a comparison of precisions.
    """
    if isinstance(results, PrecisionComparison):
        raise OptionError("--peak is about profiles, not a comparison of precisions")
    peaks = parse_peaks(given)
    return tuple(replace(profile, peaks=peaks) for profile in results)


def _commands(
    result: Profile | PrecisionComparison | Sequence[Profile], command_line: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """The command that made the page, and those that measure its results again."""
    own = ("This page", shlex.join(command_line))
    profiles = result.profiles if isinstance(result, PrecisionComparison) else result
    profiles = (profiles,) if isinstance(profiles, Profile) else tuple(profiles)
    # The options that the profiles of a comparison record would measure each of them alone.
    known = [one for one in profiles if one.command or not isinstance(result, PrecisionComparison)]
    again = [
        (_AS_IT_WAS if profile.command else _AS_RECORDED, command)
        for profile in known
        if (command := measure_again(profile)) not in ("", own[1])
    ]
    return (own, *dict.fromkeys(again))


def measure_again(profile: Profile) -> str:
    """The command that measured a result, or ``trtcore profile`` with what the result records.

    ``""`` where nothing tells the model.
    """
    if profile.command:
        return shlex.join(profile.command)
    model, suffix = profile.model, Path(profile.model.source).suffix
    is_known = bool(suffix) or model.source == _BUILT_IN
    if profile.source_tool or not profile.environment.trtcore or not is_known:
        return ""
    words = ["trtcore", "profile", model.name if model.source == _BUILT_IN else model.source]
    for option, value in (
        ("--weights", model.weights if suffix == ".prototxt" else ""),
        # A plan has its precision already.
        ("--precision", "" if suffix in PLAN_SUFFIXES else profile.precision),
        ("--batch", profile.batch),
        ("--iterations", profile.counts.asked),
    ):
        if value:
            words += [option, str(value)]
    return shlex.join(words)
