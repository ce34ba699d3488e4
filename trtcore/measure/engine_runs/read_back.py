"""What is read of an engine after its run, which an error of CUDA may have made impossible."""

from __future__ import annotations

import contextlib
from typing import Any

from trtcore.engine.tensorrt.runtime import Engine
from trtcore.errors import ResultError
from trtcore.measure.device.cuda import CallError
from trtcore.measure.device.tensors import Array, BoundTensor, download
from trtcore.measure.loops.failure import cuda_error_name
from trtcore.result.phases import Phase
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.records.failure import RunFailure


def read_information(engine: Engine, context: Any, *, has_failed: bool) -> EngineInformation:
    """What the inspector tells of the layers.

    Args:
        engine: that ran.
        context: with the shapes of the run.
        has_failed: an error ended the run: no other may cost what was measured, so that the shapes,
            or all of it, are left out where the inspector cannot answer.
    """
    if not has_failed:
        return engine.information(context)
    for asked in (context, None):
        with contextlib.suppress(ResultError, RuntimeError):
            return engine.information(asked)
    return EngineInformation((), (), "")


def read_outputs(
    engine: Engine, tensors: tuple[BoundTensor, ...]
) -> tuple[dict[str, Array], RunFailure | None]:
    """The outputs of the last iteration by name; or why there are none, which costs no times."""
    try:
        return download(tensors), None
    except CallError as error:
        name, log = cuda_error_name(error.cuda_error), engine.bindings.log.last_error("")
        return {}, RunFailure(Phase.RESULT, error.reason, None, error.cuda_error, name, log)
