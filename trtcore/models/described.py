"""What is kept of the values that a network is fed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from trtcore.models.input_texts import OTHERS
from trtcore.models.inputs import InputRole, Source
from trtcore.result.records.input_values import InputValues

# As many as a shape has dimensions in TensorRT (Dims::MAX_DIMS): more are no shape.
_FEW = 8


def describe_inputs(
    arrays: Mapping[str, NDArray[Any]], source: Source, roles: Mapping[str, InputRole]
) -> tuple[InputValues, ...]:
    """Describes what `make_inputs` made.

    Args:
        arrays: by name.
        source: that they were made from.
        roles: of the inputs.
    """
    return tuple(
        _described(name, array, _source(name, source), roles.get(name))
        for name, array in arrays.items()
    )


def _source(name: str, source: Source) -> str:
    of_input: object = source
    if isinstance(source, Mapping):
        of_input = source.get(name, source.get(OTHERS, "random"))
    return "array" if hasattr(of_input, "__array__") else str(of_input)


def _described(name: str, array: NDArray[Any], source: str, role: InputRole | None) -> InputValues:
    is_whole = array.dtype.kind in "iu"
    return InputValues(
        name,
        source,
        role.kind.value if role is not None else "",
        float(array.min()) if array.size else 0.0,
        float(array.max()) if array.size else 0.0,
        tuple(int(one) for one in array.ravel()) if is_whole and array.size <= _FEW else (),
    )
