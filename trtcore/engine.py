"""From a model to a plan in the precision that was asked for."""

from __future__ import annotations

from collections.abc import Callable

from trtcore.backends.tensorrt.bindings import Bindings
from trtcore.backends.tensorrt.builder import BuildOptions, Plan, build_plan
from trtcore.models.model import Model
from trtcore.options import Options
from trtcore.precision import Precision, apply_precision

Progress = Callable[[str, int, int], None]


def build_engine(
    bindings: Bindings, model: Model, asked: Options, progress: Progress | None = None
) -> Plan:
    """Writes the precision into the graph and builds it.

    Raises:
        OptionError: an unknown precision.
        PrecisionError: the precision cannot be applied, or the engine does not have it.
        ModelError: TensorRT cannot read the graph.
        BuildError: TensorRT could not build the engine.
    """
    precision = Precision(asked.precision)
    workspace = asked.workspace_mib
    options = BuildOptions(
        workspace_bytes=None if workspace is None else workspace << 20,
        max_aux_streams=0 if asked.serial else None,
        tf32=precision is Precision.TF32,
        use_cache=asked.use_cache,
    )
    return build_plan(bindings, apply_precision(model, precision), options, progress)
