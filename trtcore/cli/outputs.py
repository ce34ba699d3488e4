"""The files a command writes: none over another or over what it reads, and every one is tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from trtcore.cli.terminal import notify
from trtcore.errors import OptionError, ResultError
from trtcore.measure.nodes.choice import measured
from trtcore.system.files import check_writable, same_file


def _keywords(word: str) -> tuple[str, ...]:
    """What an option takes for words of its own, whatever files there are."""
    words = {"MODEL": ("googlenet",), "--input": ("random", "zeros"), "--baseline": measured()}
    return words.get(word, ())


def check_outputs(outputs: Mapping[str, str | None], inputs: Mapping[str, str | None]) -> None:
    """Finds out before the long work what could not be written after it.

    Args:
        outputs: paths by what the user calls them, such as ``--save``; None is not written.
        inputs: what the command reads, likewise.

    Raises:
        ResultError: a path cannot be written.
        OptionError: it is what the command reads, or two of them are one file.
    """
    read = {word: path for word, path in inputs.items() if path and path not in _keywords(word)}
    taken: dict[str, str] = {}
    for word, path in outputs.items():
        if path is None:
            continue
        check_writable(path)
        for other, name in {**read, **taken}.items():
            if same_file(Path(path), Path(name)):
                raise OptionError(
                    f"{word} {path} would overwrite {other} {name}: name another file"
                )
        taken[word] = path


def save_all(*savers: Callable[[], None]) -> int:
    """Saves one file after the other, whether or not those before could be saved.

    Returns:
        The exit code: 0, or that of the first error; each is told.

    Raises:
        BrokenPipeError: nobody reads standard output, which one was to be written to.
    """
    code = 0
    closed: BrokenPipeError | None = None
    for save in savers:
        try:
            save()
        except ResultError as error:
            notify(f"error: {error}")
            code = code or error.exit_code
        except BrokenPipeError as error:
            closed = error
    if closed is not None:
        raise closed
    return code
