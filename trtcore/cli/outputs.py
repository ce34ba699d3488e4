"""The files a command writes: never over each other or an input, and one failure stops no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from trtcore.cli.terminal import notify
from trtcore.errors import ModelError, OptionError, ResultError
from trtcore.measure.nodes.choice import measured
from trtcore.system.files import check_writable, same_file


def _keywords(option: str) -> tuple[str, ...]:
    """The values of an option that never name a file, even if there is one of that name."""
    keywords = {"MODEL": ("googlenet",), "--baseline": measured()}
    return keywords.get(option, ())


def check_outputs(outputs: Mapping[str, str | None], inputs: Mapping[str, str | None]) -> None:
    """Checks before the long work that its results can be written.

    Args:
        outputs: paths by option, such as ``--save``; None is not written.
        inputs: paths that the command reads, likewise.

    Raises:
        ResultError: a path cannot be written.
        OptionError: a path is an input of the command, or two of them are one file.
    """
    read = {opt: path for opt, path in inputs.items() if path and path not in _keywords(opt)}
    taken: dict[str, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        check_writable(path)
        for other, name in {**read, **taken}.items():
            # By file, not by text: `./net.onnx` or a link would overwrite the model all the same.
            if same_file(Path(path), Path(name)):
                raise OptionError(
                    f"{option} {path} would overwrite {other} {name}: name another file"
                )
        taken[option] = path


def save_all(*savers: Callable[[], None]) -> int:
    """Saves one file after the other, whether or not those before could be saved.

    Returns:
        The exit code: 0, or that of the first error; every error is printed.

    Raises:
        BrokenPipeError: a file is standard output, and its reader is gone.
    """
    code = 0
    closed: BrokenPipeError | None = None
    for save in savers:
        try:
            save()
        except (ResultError, ModelError) as error:
            notify(f"error: {error}")
            code = code or error.exit_code
        except BrokenPipeError as error:
            closed = error  # raised last, so that the files after it are saved
    if closed is not None:
        raise closed
    return code
