"""The failure that ended a pass, whichever loop ran it."""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.errors import RunError
from trtcore.result.phases import Phase
from trtcore.result.records.failure import RunFailure

_COUNTED = {Phase.ENQUEUED, Phase.GATED, Phase.GRAPH, Phase.LAYERS}


@dataclass(frozen=True, eq=False)
class LoopFailure:
    """A call that failed in an iteration of a pass; the iterations before it are whole.

    Attributes:
        error: what to raise where the pass is no use without its end.
        reason: the call, and CUDA's words where it was one of CUDA.
        iteration: the one that failed, counted from 0 in this call of the pass.
        cuda_error: CUDA's number; 0 where CUDA told of no error.
    """

    error: RuntimeError | RunError
    reason: str
    iteration: int
    cuda_error: int = 0

    def __post_init__(self) -> None:
        # Frames of the loop would keep contexts, and their memory, for as long as this is kept.
        self.error.__traceback__ = None

    def record(self, phase: Phase, log: str, before: int = 0) -> RunFailure:
        """What a result says of it.

        Args:
            phase: what the run was busy with.
            log: TensorRT's last error.
            before: iterations of the pass before this call of it.
        """
        # A warm-up, and the loop of the energy, have no iteration that a result could name.
        iteration = before + self.iteration if phase in _COUNTED else None
        name = cuda_error_name(self.cuda_error)
        return RunFailure(phase, self.reason, iteration, self.cuda_error, name, log)


def cuda_error_name(number: int) -> str:
    """CUDA's name of an error, such as ``cudaErrorIllegalAddress``; empty where it knows none."""
    if not number:
        return ""
    from cuda.bindings import runtime

    try:
        return str(runtime.cudaError_t(number).name)
    except ValueError:
        return ""
