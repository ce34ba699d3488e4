"""Running the command line inside the test process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx
import pytest
from onnx import parser

from trtcore.cli import main

SMALL = """
<ir_version: 8, opset_import: ["" : 17]>
small (float[1,3,8,8] x) => (float[1,4,6,6] y) <float[4,3,3,3] w> {
  [conv] c = Conv (x, w)
  [relu] y = Relu (c)
}
"""


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code and both outputs."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs ``trtcore`` with the given arguments."""

    def run_main(*arguments: object) -> Ran:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run_main


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a model of two nodes, for all that does not depend on the model."""
    path = tmp_path_factory.mktemp("small") / "small.onnx"
    proto = parser.parse_model(SMALL)
    weights = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, (4, 3, 3, 3), [0.5] * 108)
    proto.graph.initializer.append(weights)
    proto.graph.ClearField("value_info")
    onnx.save(proto, path)
    return path
