"""Opens any file that a profile can be compared with; the kind is detected by its content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from trtcore.errors import OptionError, ResultError, argument
from trtcore.result.checks import check_times
from trtcore.result.readers.foreign import explained, foreign_file
from trtcore.result.readers.inspector.inspector import EngineInformation, parse_engine_information
from trtcore.result.readers.registry import Reader, find_reader, readers_text
from trtcore.result.readers.trtexec import is_trtexec_profile
from trtcore.result.records.profile import Profile
from trtcore.system.files import read_text

# What a terminal's colours leave in a log: of the program itself, or of a service that kept it.
_COLOURS = re.compile(r"\x1b\[[\d;]*[mK]")


def load_baseline(path: str | Path, *, layer_info: str | Path | None = None) -> Profile:
    """Reads a profile of any kind.

    Args:
        path: of any kind that `trtcore.result.readers.registry.READERS` lists.
        layer_info: what ``trtexec --exportLayerInfo`` wrote for the same engine.

    Raises:
        ResultError: it cannot be read, is none of these, is cut off or has times that are no
            numbers; layer information without a trtexec profile.
    """
    return load_baselines((path,), layer_info=() if layer_info is None else (layer_info,))[0]


def load_baselines(
    paths: Sequence[str | Path], *, layer_info: Sequence[str | Path] = ()
) -> tuple[Profile, ...]:
    """Reads profiles of any kind, each as `load_baseline` does.

    Args:
        paths: the files.
        layer_info: what ``trtexec --exportLayerInfo`` wrote: one file for all trtexec profiles
            among them, or one for each, in their order.

    Raises:
        ResultError: as for `load_baseline`.
        OptionError: neither one file of layer information nor one for each trtexec profile.
    """
    # All are opened before any is parsed: a wrong path should not cost the time of parsing others.
    return parse_baselines([read_text(path) for path in paths], paths, layer_info=layer_info)


def parse_baselines(
    texts: Sequence[str], paths: Sequence[str | Path], *, layer_info: Sequence[str | Path] = ()
) -> tuple[Profile, ...]:
    """Reads profiles from the contents of their files, as pipes can be read only once.

    Args:
        texts: what the files hold.
        paths: their names, for errors.
        layer_info: files as for `load_baselines`.

    Raises:
        ResultError: as for `load_baseline`.
        OptionError: as for `load_baselines`.
    """
    texts = [_COLOURS.sub("", text) for text in texts]
    readers = [_reader(text, str(path)) for text, path in zip(texts, paths, strict=True)]
    exported = [i for i, reader in enumerate(readers) if reader.takes_layer_info]
    # Not strict: without layer information the list is empty.
    information = dict(zip(exported, _layer_information(layer_info, len(exported)), strict=False))
    profiles = []
    for i, (text, path, reader) in enumerate(zip(texts, paths, readers, strict=True)):
        profile = _parse(text, str(path), reader, information.get(i))
        # A baseline with impossible times would only show as a nonsensical comparison later.
        check_times(profile, str(path))
        profiles.append(profile)
    return tuple(profiles)


def _layer_information(files: Sequence[str | Path], count: int) -> list[EngineInformation]:
    """The layer information of each of ``count`` trtexec profiles; empty if no file was given."""
    if files and not count:
        raise ResultError(f"{files[0]}: layer information only applies to a trtexec profile")
    if len(files) > 1 and len(files) != count:
        raise OptionError(
            f"{argument('layer_info')} names {len(files)} files for {count} trtexec profiles: "
            "give one for all of them, or one for each in their order"
        )
    known = [_read_information(file) for file in files]
    return known * count if len(known) == 1 else known


def _read_information(path: str | Path) -> EngineInformation:
    text = read_text(path)
    if is_trtexec_profile(text):
        raise ResultError(
            f"{path}: is a profile that trtexec --exportProfile wrote; {argument('layer_info')} "
            "expects the output of trtexec --exportLayerInfo"
        )
    try:
        return parse_engine_information(text)
    except ResultError as error:
        raise ResultError(f"{path}: {error}") from None


def _parse(text: str, source: str, reader: Reader, known: EngineInformation | None) -> Profile:
    return (
        reader.parse(text, source, known) if reader.takes_layer_info else reader.parse(text, source)
    )


def _reader(text: str, source: str) -> Reader:
    reader = find_reader(text)
    if reader is not None:
        return reader
    known = foreign_file(text)
    if known is not None:
        raise ResultError(f"{source}: {explained(known)}")
    raise ResultError(f"{source}: is not {readers_text()}")
