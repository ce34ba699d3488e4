"""The messages that TensorRT logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

# Enough for all errors of one call; a long run that warns in every iteration stays within memory.
_KEPT = 200

# A line of a report; descriptions of whole engines come as messages too.
_MOST_CHARACTERS = 500
_listeners: list[Callable[[str], None]] = []


def listen(listener: Callable[[str], None]) -> None:
    """Hands every message of TensorRT in this process on as soon as it comes, in one line.

    For a process that may crash: what `MessageLog` keeps is then lost.
    """
    _listeners.append(listener)


class MessageLog:
    """The last messages of a TensorRT logger, so that errors can quote TensorRT."""

    def __init__(self) -> None:
        self.first_error = ""
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.layer_information = ""

    def clear(self) -> None:
        """Forgets everything, so that the next error is about the next call."""
        self.__init__()  # type: ignore[misc]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Forgets what is logged inside the block, where TensorRT is only queried."""
        kept = {name: copy(value) for name, value in vars(self).items()}
        try:
            yield
        finally:
            vars(self).update(kept)

    def add_error(self, message: str) -> None:
        """Keeps an error, and the first since `clear` however many follow."""
        self.first_error = self.first_error or message
        self.errors = [*self.errors, message][-_KEPT:]

    def last_error(self, default: str = "TensorRT gave no reason") -> str:
        """TensorRT's last error in one line, with the first since `clear` if that is another.

        The last one is about the call that failed, but may only say where an exception was caught;
        the first one has its cause.
        """
        if not self.errors:
            return default
        first, last = (" ".join(text.split()) for text in (self.first_error, self.errors[-1]))
        return last if first == last else f"{last} (first error: {first})"

    def reason(self) -> str:
        """TensorRT's errors as `last_error` has them, and the first warning with them.

        Where TensorRT cannot even start, what CUDA says (error 35 is an old driver) is often a
        warning only.
        """
        if not self.warnings:
            return self.last_error()
        warning = " ".join(self.warnings[0].split())
        return f"{self.last_error()} (warning: {warning})" if self.errors else warning


def make_logger(module: Any, log: MessageLog) -> Any:
    """An ``ILogger`` of the given bindings that writes into ``log``."""
    severity = module.ILogger.Severity

    class Logger(module.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            module.ILogger.__init__(self)

        def log(self, level: Any, message: str) -> None:
            for listener in _listeners:
                listener(" ".join(message[:_MOST_CHARACTERS].split()))
            if level in {severity.ERROR, severity.INTERNAL_ERROR}:
                log.add_error(message)
            elif level == severity.WARNING:
                log.warnings = [*log.warnings, message][-_KEPT:]
            # How TensorRT-RTX describes an engine that it has built: it needs no GPU for that.
            elif message.startswith("Layers:\n"):
                log.layer_information = message

    return Logger()
