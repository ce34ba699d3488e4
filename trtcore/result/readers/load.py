"""Opens any file that a profile can be compared with; its content tells what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trtcore.errors import OptionError, ResultError
from trtcore.result.checks import check_times
from trtcore.result.readers.caffe_time import is_caffe_time, parse_caffe_time
from trtcore.result.readers.inspector import EngineInformation, parse_engine_information
from trtcore.result.readers.sample_table import is_sample_table, parse_sample_table
from trtcore.result.readers.trtexec import is_trtexec_profile, parse_trtexec_profile
from trtcore.result.records import Profile
from trtcore.result.saved import is_precisions, parse_profile
from trtcore.system.files import read_text

KINDS = (
    "a saved trtcore result, a log of caffe time, a profile exported by trtexec, or the table of "
    "TensorRT's old sample"
)


def load_baseline(path: str | Path, *, layer_info: str | Path | None = None) -> Profile:
    """Reads a profile of any kind.

    Args:
        path: a saved result, a ``caffe time`` log, what ``trtexec --exportProfile`` wrote, or the
            table that TensorRT's old GoogLeNet sample printed.
        layer_info: what ``trtexec --exportLayerInfo`` wrote for the same engine.

    Raises:
        ResultError: it cannot be read, is none of these, is cut off or has times that are no
            numbers; layer information of something else than a profile of trtexec.
    """
    return load_baselines((path,), layer_info=() if layer_info is None else (layer_info,))[0]


def load_baselines(
    paths: Sequence[str | Path], *, layer_info: Sequence[str | Path] = ()
) -> tuple[Profile, ...]:
    """Reads profiles of any kind, each as `load_baseline` does.

    Args:
        paths: the files.
        layer_info: what ``trtexec --exportLayerInfo`` wrote: one file for all profiles of trtexec
            among them, or one for each, in their order.

    Raises:
        ResultError: as for `load_baseline`.
        OptionError: neither one file of layer information nor one for each profile of trtexec.
    """
    texts = [read_text(path) for path in paths]
    exported = [i for i, text in enumerate(texts) if is_trtexec_profile(text)]
    information = dict(zip(exported, _shared_out(layer_info, len(exported)), strict=False))
    profiles = []
    for i, (text, path) in enumerate(zip(texts, paths, strict=True)):
        profile = _parse(text, str(path), information.get(i))
        check_times(profile, str(path))
        profiles.append(profile)
    return tuple(profiles)


def _shared_out(files: Sequence[str | Path], count: int) -> list[EngineInformation]:
    """The layer information of each of so many profiles of trtexec; none if there is none."""
    if files and not count:
        raise ResultError(f"{files[0]}: layer information goes with a profile of trtexec only")
    if len(files) > 1 and len(files) != count:
        raise OptionError(
            f"--layer-info names {len(files)} files for {count} profiles of trtexec: give one for "
            "all of them, or one for each in their order"
        )
    known = [_read_information(file) for file in files]
    return known * count if len(known) == 1 else known


def _read_information(path: str | Path) -> EngineInformation:
    text = read_text(path)
    if is_trtexec_profile(text):
        raise ResultError(
            f"{path}: is a profile that --exportProfile wrote; --layer-info wants what "
            "--exportLayerInfo wrote"
        )
    try:
        return parse_engine_information(text)
    except ResultError as error:
        raise ResultError(f"{path}: {error}") from None


def _parse(text: str, source: str, information: EngineInformation | None) -> Profile:
    if is_trtexec_profile(text):
        return parse_trtexec_profile(text, source, information)
    if text.lstrip().startswith("{"):
        return _parse_result(text, source)
    if is_caffe_time(text):
        return parse_caffe_time(text, source)
    if is_sample_table(text):
        return parse_sample_table(text, source)
    raise ResultError(f"{source}: is not {KINDS}")


def _parse_result(text: str, source: str) -> Profile:
    if is_precisions(text):
        raise ResultError(
            f"{source}: is a comparison of precisions already, of several profiles: "
            f"'trtcore report {source}' shows it"
        )
    return parse_profile(text, source)
