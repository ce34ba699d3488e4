"""Completion in shells with argcomplete: options, built-in models, files of models and results.

argcomplete is optional, and imported only when a shell asks for a completion.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from typing import Any

from trtcore.result.backends import selectable

_BUILT_IN = ("googlenet",)
# Endings of the files that each argument takes; those not listed take any file.
_MODELS = ("onnx", "prototxt", "plan", "engine")
# Saved results, and what other tools write: logs and tables too.
_RESULTS = ("json", "csv", "log", "txt")
_FILES = {
    ("profile", "model"): _MODELS,
    ("build", "model"): ("onnx", "prototxt"),
    ("convert", "model"): ("prototxt",),
    ("sweep", "models"): ("onnx", "prototxt", "toml"),
    ("inspect", "file"): ("json", "plan", "engine"),
    ("report", "file"): _RESULTS,
    ("report", "more"): _RESULTS,
    ("report", "model"): ("onnx",),
}
# Where a built-in model can be named.
_NAMED = (("profile", "model"), ("build", "model"), ("sweep", "models"), ("report", "model"))


def complete(parser: argparse.ArgumentParser) -> None:
    """Answers a shell that asks for a completion, and ends the process; else does nothing."""
    if "_ARGCOMPLETE" not in os.environ:
        return
    try:
        import argcomplete
    except ImportError:
        return
    for command, action in _actions(parser):
        completer = _completer(command, action, argcomplete.FilesCompleter)
        if completer is not None:
            action.completer = completer  # type: ignore[attr-defined]  # argcomplete reads it
    argcomplete.autocomplete(parser, always_complete_options="long")


def _actions(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """Every argument of every command, with the command's name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from ((name, one) for one in command._actions)


def _completer(
    command: str, action: argparse.Action, files: Callable[..., Any]
) -> Callable[..., Any] | None:
    """What completes an argument; None for argcomplete's own, which is any file."""
    if action.dest == "backend":
        return lambda **_: list(selectable())
    place = (command, action.dest)
    if place not in _FILES:
        return None
    of_files, names = files(_FILES[place]), _BUILT_IN if place in _NAMED else ()
    return lambda prefix, **given: [
        *(name for name in names if name.startswith(prefix)),
        *of_files(prefix=prefix, **given),
    ]
