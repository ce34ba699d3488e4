"""The error that ended a run: in words, and raised with what was measured before it."""

from __future__ import annotations

from trtcore.errors import RunError
from trtcore.result.phases import Phase
from trtcore.result.records.counts import Counts
from trtcore.result.records.failure import RunFailure
from trtcore.result.records.profile import Profile
from trtcore.system.quotations import quoting

_WHERE = {
    Phase.RESULT: "while its outputs were read",
    Phase.KERNELS: "while kernels were traced",
    Phase.ENERGY: "while energy was measured",
    Phase.PROCESSES: "in a fresh process",
}


def failure_text(failure: RunFailure) -> str:
    """What failed, where, and CUDA's number and name; not what TensorRT logged."""
    phase, place, reason = failure.phase.value, failure.iteration, failure.reason
    if failure.cuda_error:
        known = filter(None, (f"CUDA error {failure.cuda_error}", failure.cuda_name))
        reason = f"{reason} ({', '.join(known)})"
    if place is not None:
        return f"the run failed in iteration {place} of the {phase}: {reason}"
    return f"the run failed {_WHERE.get(failure.phase, f'in the {phase}')}: {reason}"


def failure_error(failure: RunFailure, after: str = "") -> RunError:
    """The error to raise for a failure.

    Args:
        failure: what ended the run.
        after: what the message ends with.
    """
    if not failure.log:
        return RunError(f"{failure_text(failure)}{after}")
    return quoting(RunError, f"{failure_text(failure)}: ", failure.log, after)


def ended_by(counts: Counts) -> RunError:
    """The error of a run that failed with something measured: what failed, and what there is."""
    assert counts.failure is not None
    measured = f"{counts.measured} of {counts.asked}" if counts.asked else str(counts.measured)
    return failure_error(
        counts.failure, f"; {measured} profiled iterations were measured before it"
    )


def require_whole(result: object, *profiles: Profile) -> None:
    """Raises if an error of CUDA or TensorRT ended the run early.

    Args:
        result: what was measured, which the error carries.
        profiles: those in it.

    Raises:
        RunError: the failure; ``result`` is in it.
    """
    for counts in (profile.counts for profile in profiles):
        if counts.failure is not None:
            error = ended_by(counts)
            error.result = result
            raise error
