"""A model at another batch than its own, held against each of the items alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from precision_models import run

from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_inputs, model_outputs
from trtcore.models.onnx.shape_ranges import opened


def items(
    model: Model, axis: int = 0, more: Mapping[str, np.ndarray] = MappingProxyType({})
) -> list[np.ndarray]:
    """The first output of each of four items, each run alone or beside the batch's others."""
    value = model_inputs(model)[0]
    own = value.shape[axis]
    generator = np.random.default_rng(0)
    shape = (*value.shape[:axis], 4, *value.shape[axis + 1 :])
    whole = generator.standard_normal(shape).astype(np.float32)
    parts = np.split(whole, 4 // own, axis=axis)
    alone = [run(model, {value.name: part, **more})[0] for part in parts]
    return [whole, np.concatenate(alone, axis=axis)]


def for_a_range(model: Model, least: int = 1, optimum: int = 3, most: int = 4) -> Model:
    """The model for that range of batches, of all inputs that have one."""
    batches = (least, optimum, most)
    shapes = {
        value.name: tuple((batch, *value.shape[1:]) for batch in batches)
        for value in model_inputs(model)
        if value.shape
    }
    return load_model(model, shapes=shapes)


def run_open(model: Model, feeds: dict[str, np.ndarray]) -> np.ndarray:
    """The first output of the graph that an engine is built of, its dimensions open."""
    with opened(model) as proto:
        return run(replace(model, proto=proto), feeds)[0]


def assert_items_alone(model: Model, batched: Model) -> None:
    """Every item of the batch has the outputs that it has alone.

    Args:
        model: at its own batch, with one input.
        batched: the same for four items.
    """
    whole, wanted = items(model)
    assert model_outputs(batched)[0].shape == wanted.shape
    found = run(batched, {model_inputs(model)[0].name: whole})[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
