"""The builder's own phases, as calls to a plain function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def make_progress_monitor(module: Any, progress: Callable[[str, int, int], None] | None) -> Any:
    """An ``IProgressMonitor`` that calls ``progress(phase, steps done, steps in all)``.

    Ctrl-C stops the build at the next step: TensorRT cannot carry a Python exception, so the
    monitor answers that it wants to stop.
    """

    class ProgressMonitor(module.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            module.IProgressMonitor.__init__(self)
            self._steps: dict[str, int] = {}

        def phase_start(self, phase: str, parent: str | None, steps: int) -> None:
            del parent
            self._steps[phase] = steps
            self._tell(phase, 0)

        def step_complete(self, phase: str, step: int) -> bool:
            return self._tell(phase, step + 1)

        def phase_finish(self, phase: str) -> None:
            self._tell(phase, self._steps.get(phase, 0))

        def _tell(self, phase: str, step: int) -> bool:
            try:
                if progress is not None:
                    progress(phase, step, self._steps.get(phase, 0))
            except KeyboardInterrupt:
                return False
            return True

    return ProgressMonitor()
