"""What the calls are given: models, plans, plugins, and the TensorRT that takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trtcore.api.options.values import Options
from trtcore.errors import BackendError, EngineLoadError
from trtcore.system import file_kind
from trtcore.system.files import read_content
from trtcore.system.progress import Notify

if TYPE_CHECKING:
    from trtcore.engine.choice import Choice
    from trtcore.engine.tensorrt.bindings import Bindings
    from trtcore.models.model import Model


def load_source(
    model: Any, weights: str | Path | None, outputs: Sequence[str], request: Options
) -> Model:
    """The graph of a model, or what a loader of the caller returns."""
    from trtcore.models.load import load_model

    # A loader of the caller shares one model between calls; its shapes are settled already.
    if callable(model):
        loaded: Model = model()
        return loaded
    return load_model(
        model,
        weights=weights,
        batch=request.batch,
        shapes=request.shapes,
        outputs=outputs,
        cut_unsupported=request.cut_unsupported,
        allow_external=request.allow_external,
    )


def load_plugins(libraries: Sequence[str | Path], bindings: Bindings | None) -> None:
    """Loads plugin libraries into TensorRT; nothing where there is none."""
    if bindings is not None:
        from trtcore.engine.tensorrt import plugins

        plugins.load_plugins(bindings, libraries)


def check_timing(request: Options, choice: Choice | None = None) -> None:
    """Raises an error before the long work if kernel times are requested and CUPTI is missing."""
    is_on_cpu = choice is not None and choice.runs_nodes
    if request.timing != "cupti" or is_on_cpu:
        return
    from trtcore.measure.kernels.cupti import check_cupti

    check_cupti()


def read_plan(plan: bytes | str | Path) -> tuple[bytes, str]:
    """The bytes of a plan and where they came from.

    Raises:
        EngineLoadError: it cannot be read, or is a file of another kind.
    """
    if isinstance(plan, bytes):
        content, source = plan, "plan"
    else:
        content, source = read_content(plan, EngineLoadError), str(plan)
    # Magic bytes tell an ONNX file or a saved result apart, which TensorRT only calls corrupt.
    kind = file_kind.kind_of(content[: file_kind.HEAD_BYTES])
    if kind not in (file_kind.PLAN, file_kind.UNKNOWN):
        raise EngineLoadError(f"{source}: is {kind}, not {file_kind.PLAN}")
    return content, source


def plan_runner(backend: str, source: str, notify: Notify | None) -> Bindings:
    """The TensorRT that runs a plan here.

    Raises:
        BackendError: there is none.
    """
    from trtcore.engine.choice import choose_backend

    choice = choose_backend(backend)
    if choice.runs_nodes or choice.bindings is None:
        reason = choice.reason or "ONNX Runtime cannot run it"
        raise BackendError(f"{source}: a plan loads only with TensorRT on a GPU: {reason}")
    if notify is not None and choice.reason:
        notify(choice.explanation)
    return choice.bindings
