"""An input whose values decide a shape, on a GPU: it lies in host memory, and its values count."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import parser

import trtcore
from trtcore.errors import OptionError
from trtcore.result.records.input_values import InputValues
from trtcore.result.records.layers import IOTensor

pytestmark = pytest.mark.gpu

NET = """
<ir_version: 8, opset_import: ["" : 17]>
g (float[2,12] x, int64[2] shape) => (float z) { [rs] y = Reshape (x, shape) [r] z = Relu (y) }
"""


@pytest.mark.parametrize(("given", "shape"), [({}, (2, 12)), ({"shape": "values(3,-1)"}, (3, 8))])
def test_a_model_runs_with_the_values(given: dict[str, str], shape: tuple[int, ...]) -> None:
    inputs = given or "random"
    profile = trtcore.profile_model(
        parser.parse_model(NET), inputs=inputs, iterations=20, accuracy=True, calibrate=False
    )
    assert {one.name: one.shape for one in profile.io} == {"x": (2, 12), "shape": (2,), "z": shape}
    assert profile.samples.layer_ms.shape[0] == 20
    assert profile.samples.graph_ms.size == 20
    assert profile.accuracy is not None
    assert profile.accuracy.relative_l2 == 0.0


def test_a_plan_has_its_values_and_takes_no_others() -> None:
    built = trtcore.build_model(
        parser.parse_model(NET), inputs={"shape": np.array([4, 6])}, use_cache=False
    )
    profile = trtcore.profile_plan(built.content, iterations=5, calibrate=False)
    assert IOTensor("z", (4, 6), "Float", "linear", "output") in profile.io
    fed = {one.name: one for one in profile.inputs}
    assert fed["shape"] == InputValues("shape", "random", "a shape", 4, 6, (4, 6))
    with pytest.raises(OptionError, match="takes 4,6 to 4,6, 3,8 was asked for"):
        trtcore.profile_plan(built.content, inputs={"shape": "values(3,8)"}, calibrate=False)
