"""Engines that several tests look at, built once for all of them: a second or two of CPU each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from paths import LIGHT

from trtcore.api.calls import build_model
from trtcore.engine.tensorrt.builder import Plan
from trtcore.models.load import load_model
from trtcore.models.model import Model


@cache
def model_of(name: str) -> Model:
    """GoogLeNet of batch 1, or ResNet-50 as the onnx package has it; nobody changes a model."""
    return load_model(LIGHT / "light_resnet50.onnx" if name == "resnet50" else name, batch=1)


@cache
def googlenet_plan(precision: str) -> Plan:
    """GoogLeNet of batch 1."""
    return build_model(model_of("googlenet"), precision=precision)


@cache
def resnet50_plan(precision: str) -> Plan:
    """ResNet-50, without the bytes of its plan, which are 50 to 100 MB."""
    return replace(build_model(model_of("resnet50"), precision=precision), content=b"")


SHARED: Mapping[str, Callable[[str], Plan]] = {
    "googlenet": googlenet_plan,
    "resnet50": resnet50_plan,
}
