"""What a builder has to know of inputs that are open: ranges of shapes, and values of shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.errors import BuildError, argument
from trtcore.models.model import Model
from trtcore.system.quotations import quoting

Values = Mapping[str, tuple[int, ...]]


def shape_tensors(network: Any, values: Values) -> dict[str, tuple[int, ...]]:
    """The inputs that TensorRT takes for shapes, with their values.

    Args:
        network: as it was parsed.
        values: of every input that may be one.

    Raises:
        BuildError: no values are known for one.
    """
    inputs = (network.get_input(i) for i in range(network.num_inputs))
    names = [tensor.name for tensor in inputs if tensor.is_shape_tensor]
    for name in names:
        if name not in values:
            raise BuildError(
                f"input '{name}' decides a shape, and TensorRT needs its values to build: give "
                f"them as {argument('inputs', {name: 'values(V,...)'})}"
            )
    return {name: values[name] for name in names}


def add_profile(
    bindings: Bindings, builder: Any, config: Any, model: Model, decided: Values
) -> None:
    """Tells the builder the ranges of the inputs whose shape may vary, and the values of shapes.

    Raises:
        BuildError: TensorRT does not take them.
    """
    if not (model.dynamic or decided):
        return
    profile = builder.create_optimization_profile()
    for one in model.dynamic:
        profile.set_shape(one.range.name, one.range.least, one.range.optimum, one.range.most)
    for name, values in decided.items():
        # One value, as an engine for a range of them would be another than the one that is timed.
        profile.set_shape_input(name, values, values, values)
    if config.add_optimization_profile(profile) < 0:
        asked = [one.range.text for one in model.dynamic]
        asked += [_text(name, values) for name, values in decided.items()]
        noun = "the ranges" if model.dynamic else "the values"
        start = f"{bindings.label} does not take {noun} {', '.join(asked)}: "
        raise quoting(BuildError, start, bindings.log.last_error())


def shape_hint(decided: Values) -> str:
    """What a failed build may be due to; empty where no input decides a shape."""
    if not decided:
        return ""
    named = ", ".join(_text(name, values) for name, values in decided.items())
    return f" with {named} ({argument('inputs')} gives other values)"


def _text(name: str, values: tuple[int, ...]) -> str:
    return f"{name}:values({','.join(map(str, values))})"
