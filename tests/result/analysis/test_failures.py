"""The error that ended a run: its words, and the error that carries what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from networks import measured
from words import diagnosis

from trtcore.errors import RunError
from trtcore.result.analysis.failures import failure_error, failure_text, require_whole
from trtcore.result.phases import Phase
from trtcore.result.records.counts import Counts
from trtcore.result.records.failure import RunFailure
from trtcore.result.records.profile import Profile
from trtcore.result.saved import dump_profile, parse_profile

REASON = "cuStreamSynchronize failed: an illegal memory access was encountered"
NAME = "cudaErrorIllegalAddress"
GATED = RunFailure(Phase.GATED, REASON, 65, 700, NAME, "Cuda Runtime (illegal memory access)")


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (
            GATED,
            f"the run failed in iteration 65 of the gated pass: {REASON} (CUDA error 700, {NAME})",
        ),
        (
            RunFailure(Phase.LAYERS, "enqueueV3 failed", 0),
            "the run failed in iteration 0 of the profiled pass: enqueueV3 failed",
        ),
        (
            RunFailure(Phase.ENQUEUED, "cuX failed: new", 3, 9999),
            "the run failed in iteration 3 of the enqueued pass: cuX failed: new (CUDA error 9999)",
        ),
        (RunFailure(Phase.WARM_UP, "no"), "the run failed in the warm-up: no"),
        (RunFailure(Phase.RESULT, "no"), "the run failed while its outputs were read: no"),
        (RunFailure(Phase.KERNELS, "no"), "the run failed while kernels were traced: no"),
        (RunFailure(Phase.ENERGY, "no"), "the run failed while energy was measured: no"),
        (RunFailure(Phase.PROCESSES, "no"), "the run failed in a fresh process: no"),
    ],
)
def test_what_failed_and_where(failure: RunFailure, text: str) -> None:
    assert failure_text(failure) == text
    said = f"{text}: {failure.log}" if failure.log else text
    assert str(failure_error(failure)) == said


def failed(asked: int = 200, failure: RunFailure | None = GATED) -> Profile:
    counts = Counts(asked, 16, 40, interrupted=True, failure=failure)
    return replace(measured("resnet50"), counts=counts)


def test_the_error_carries_what_was_measured() -> None:
    profile = failed()
    with pytest.raises(RunError) as raised:
        require_whole(profile, profile)
    assert raised.value.result is profile
    said = (
        f"{failure_text(GATED)}: {GATED.log}; 40 of 200 profiled iterations were measured before it"
    )
    assert str(raised.value) == said
    # And the report of what it carries has the same line among its warnings.
    assert said in diagnosis(profile)


def test_a_run_as_long_as_it_takes_has_no_number_of_iterations_to_miss() -> None:
    with pytest.raises(RunError, match=r"; 40 profiled iterations were measured before it$"):
        require_whole(None, failed(asked=0))


def test_a_page_of_tensorrt_is_quoted_in_short_and_kept_whole() -> None:
    profile = failed(failure=replace(GATED, log="word " * 200))
    with pytest.raises(RunError) as raised:
        require_whole(profile, profile)
    assert len(str(raised.value)) < 450
    assert str(raised.value).endswith("; 40 of 200 profiled iterations were measured before it")
    assert raised.value.quoted == ("word " * 200).strip()


def test_what_ctrl_c_has_cut_is_no_error() -> None:
    require_whole(None, failed(failure=None), measured("resnet50"))


def test_a_saved_result_has_the_failure() -> None:
    profile = failed()
    assert parse_profile(dump_profile(profile)).counts == profile.counts


def test_a_result_of_before_there_were_failures_has_none() -> None:
    text = dump_profile(measured("resnet50")).replace('"failure": null', '"other": null')
    assert '"failure"' not in text
    assert parse_profile(text).counts.failure is None
