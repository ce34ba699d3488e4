"""The builder's own phases, reported to a plain function."""

from __future__ import annotations

from typing import Any

from trtcore.engine.tensorrt.interrupts import Interrupts
from trtcore.system.progress import Progress


class BuildProgress:
    """Reports the phases of a build and keeps an exception that was raised meanwhile.

    TensorRT cannot carry a Python exception: it is told to stop instead, and `reraise` raises what
    it was. It is told to stop after Ctrl-C too.

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
        """A phase of so many steps begins."""
        self._steps[phase] = steps
        self.step(phase, 0)

    def step(self, phase: str, done: int) -> bool:
        """So many steps of a phase are done; returns whether to go on."""
        try:
            if self._progress is not None:
                total = self._steps.get(phase, 0)
                self._progress(phase, min(done, total), total)  # TensorRT may exceed its count
        except BaseException as error:
            self._raised = error
        return self._raised is None and not self._interrupts.received

    def finish(self, phase: str) -> None:
        """A phase is over."""
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
