"""Work that goes on in a thread beside the caller's."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """Starts work at once; its result, or what it raised, is had later."""

    def __init__(self, work: Callable[[], T]) -> None:
        """Starts it, in a copy of the caller's context, which says how errors name arguments."""
        self._work = work
        self._results: list[T] = []
        self._error: BaseException | None = None
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # raised again where the result is asked for
            self._error = error

    def wait(self) -> None:
        """Waits for its end, whatever came of it."""
        self._thread.join()

    def result(self) -> T:
        """Waits for the result; raises what the work raised."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._results[0]
