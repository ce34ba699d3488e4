"""TensorRT's own data types beside the table that names them."""

from __future__ import annotations

import pytest

from trtcore.engine.tensorrt.bindings import load_bindings
from trtcore.errors import BackendError
from trtcore.result.types.dtypes import DTYPES, numpy_name

# The scales of FP4 blocks: no tensor that a model states, and no layer computes in it.
SCALES_ONLY = {"E8M0"}


def test_every_type_of_tensorrt_has_a_row() -> None:
    try:
        bindings = load_bindings("tensorrt_rtx")
    except BackendError as error:
        pytest.skip(str(error))
    members = set(bindings.module.DataType.__members__)
    assert {"FLOAT", "HALF", "BF16", "FP8", "INT8", "INT4"} <= members
    unknown = {name for name in members if numpy_name(name) not in DTYPES}
    assert unknown <= SCALES_ONLY
