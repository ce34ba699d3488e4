"""The builder's own phases, reported to a plain function."""

from __future__ import annotations

from typing import Any

from trtcore.engine.tensorrt.interrupts import Interrupts
from trtcore.system.progress import Progress


class BuildProgress:
    """Reports the phases of a build and keeps an exception that was raised meanwhile.

    TensorRT cannot carry a Python exception: the build is stopped instead, and `reraise` raises the
    exception afterwards. Ctrl-C stops the build too.

    Args:
        progress: called with the phase, steps done and steps in all.
        interrupts: whether Ctrl-C was pressed.
    """

    def __init__(self, progress: Progress | None, interrupts: Interrupts) -> None:
        self._progress = progress
        self._interrupts = interrupts
        self._steps: dict[str, int] = {}
        self._raised: BaseException | None = None

    def start(self, phase: str, steps: int) -> None:
        """A phase with this number of steps begins."""
        self._steps[phase] = steps
        self.step(phase, 0)

    def step(self, phase: str, done: int) -> bool:
        """This number of steps is done; returns whether to continue the build."""
        try:
            if self._progress is not None:
                total = self._steps.get(phase, 0)
                self._progress(phase, min(done, total), total)  # TensorRT may exceed its count
        except BaseException as error:
            self._raised = error
        return self._raised is None and not self._interrupts.received

    def finish(self, phase: str) -> None:
        """A phase ends."""
        self.step(phase, self._steps.pop(phase, 0))

    def reraise(self) -> None:
        """Raises what was raised during the build, if anything."""
        if self._raised is not None:
            raise self._raised


def make_progress_monitor(module: Any, build: BuildProgress) -> Any:
    """An ``IProgressMonitor`` of the given bindings that reports to ``build``."""

    class ProgressMonitor(module.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            module.IProgressMonitor.__init__(self)

        def phase_start(self, phase: str, parent: str | None, steps: int) -> None:
            del parent
            build.start(phase, steps)

        def step_complete(self, phase: str, step: int) -> bool:
            return build.step(phase, step + 1)

        def phase_finish(self, phase: str) -> None:
            build.finish(phase)

    return ProgressMonitor()
