"""The error that ended a run before it had everything."""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.result.phases import Phase


@dataclass(frozen=True)
class RunFailure:
    """The error of CUDA or TensorRT that ended a run early.

    Attributes:
        phase: what the run was busy with; of engines that run interleaved, the one that failed.
        reason: the call that failed, and CUDA's words where it was one of CUDA.
        iteration: of that pass, counted from 0 over all rounds; None where it is not of one.
        cuda_error: CUDA's number, such as 700; 0 where CUDA told of no error.
        cuda_name: CUDA's name for it, such as ``cudaErrorIllegalAddress``.
        log: TensorRT's last error, in one line.
    """

    phase: Phase
    reason: str
    iteration: int | None = None
    cuda_error: int = 0
    cuda_name: str = ""
    log: str = ""
