"""What the process of a cell leaves, where the run itself is made up."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any, NoReturn

import pytest
from networks import measured
from sweep_cells import request_of

from trtcore.errors import RunError
from trtcore.sweeps import cell_process
from trtcore.sweeps.outcomes import Outcome, State
from trtcore.sweeps.requests import outstanding
from trtcore.sweeps.store import Store

SAID = "the run failed in iteration 65 of the gated pass: cuStreamSynchronize failed: gone"


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Of a cell in this process, which is not to end with another one."""
    monkeypatch.setattr(cell_process, "end_with", lambda *_: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr("trtcore.engine.tensorrt.logger.listen", lambda _: None)
    given = {"parent": os.getpid(), "path": "net.onnx", "source": "", "options": {}}
    files = {"result": str(tmp_path / "result.json"), "error": str(tmp_path / "error")}
    return {**given, **files, "lease": -1, "lease_after_build": False, "status": -1}


def test_what_an_error_left_of_a_run_is_no_result_of_the_cell(
    order: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> NoReturn:
        error = RunError(SAID)
        error.result = measured("resnet50")
        raise error

    monkeypatch.setattr("trtcore.api.calls.profile_model", fail)
    path = tmp_path / "order.json"
    path.write_text(json.dumps(order))
    assert cell_process.main(str(path)) == cell_process.FAILED
    assert Path(order["error"]).read_text() == SAID
    assert not Path(order["result"]).exists()


def test_such_a_cell_is_measured_again_where_that_is_asked_for(net: Path, tmp_path: Path) -> None:
    request, store = request_of(net), Store(tmp_path)
    store.keep(request, Outcome(request.key, State.FAILED, SAID), b"")
    record = store.find(request.key)
    assert record is not None
    assert (record.is_done, record.message) == (False, SAID)
    assert outstanding([request], store, retry=False) == []
    assert outstanding([request], store, retry=True) == [request]
