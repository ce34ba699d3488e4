"""The folder of a sweep: keys, records, and what a full disk leaves."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sweep_cells import CPU, request_of

from trtcore.errors import ResultError, WriteError
from trtcore.sweeps.cells import Cell
from trtcore.sweeps.outcomes import Outcome, State
from trtcore.sweeps.requests import make_requests, outstanding
from trtcore.sweeps.store import Record, Store, cell_key


def test_a_key_depends_on_content_options_runtime_and_device_only() -> None:
    base = cell_key("d1", {"batch": 4, "precision": "fp16"}, CPU.identity)
    assert base == cell_key("d1", {"precision": "fp16", "batch": 4}, CPU.identity)
    # As it was when results with such keys were first written: a change would measure all again.
    assert base == "88b7c84edf0badea"
    others = [
        cell_key("d2", {"batch": 4, "precision": "fp16"}, CPU.identity),
        cell_key("d1", {"batch": 8, "precision": "fp16"}, CPU.identity),
        cell_key("d1", {"batch": 4, "precision": "fp16"}, replace_runtime("ONNX Runtime 2")),
        cell_key("d1", {"batch": 4, "precision": "fp16"}, (*CPU.identity[:2], "another")),
    ]
    assert len({base, *others}) == 5
    # Files count by their contents, which are in the digest.
    weights = [cell_key("d1", {"weights": path}, CPU.identity) for path in ("a", "b")]
    assert weights[0] == weights[1]
    inputs = [cell_key("d1", {"inputs": name}, CPU.identity) for name in ("a.npz", "b.npz", "ones")]
    assert inputs[0] == inputs[1] != inputs[2]


def replace_runtime(runtime: str) -> tuple[str, str, str]:
    return CPU._replace(runtime=runtime).identity


def test_a_cell_comes_back_as_it_was_kept(tmp_path: Path, net: Path) -> None:
    store, request = Store(tmp_path / "a" / "b"), request_of(net, batch=2)
    assert store.find(request.key) is None
    store.keep(request, Outcome(request.key, State.DONE, seconds=1.5, host="h"), b"{}\n")
    expected = Record(
        key=request.key,
        model=str(net),
        digest=request.files.model,
        options={"batch": 2},
        backend="onnxruntime",
        runtime="ONNX Runtime 1",
        device="a processor",
        seconds=1.5,
        host="h",
    )
    assert store.find(request.key) == expected
    assert list(store.records()) == [expected]
    assert store.result_path(request.key).read_bytes() == b"{}\n"


def test_failed_cells_are_tried_again_only_if_asked(tmp_path: Path, net: Path) -> None:
    store = Store(tmp_path)
    done, failed, new = (request_of(net, batch=batch) for batch in (1, 2, 4))
    store.keep(done, Outcome(done.key, State.DONE), b"{}")
    store.keep(failed, Outcome(failed.key, State.CRASHED, "SIGSEGV", "last words"), b"")
    assert outstanding([done, failed, new], store, retry=False) == [new]
    assert outstanding([done, failed, new], store, retry=True) == [failed, new]
    record = store.find(failed.key)
    assert record is not None
    assert (record.message, record.last_line) == ("SIGSEGV", "last words")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "x"}', '{"schema": 1, "version": 2}'])
def test_a_damaged_record_or_a_lost_result_is_measured_again(
    tmp_path: Path, net: Path, text: str
) -> None:
    store, request = Store(tmp_path), request_of(net)
    store.keep(request, Outcome(request.key, State.DONE), b"{}")
    store.result_path(request.key).unlink()
    assert store.find(request.key) is None
    store.keep(request, Outcome(request.key, State.DONE), b"{}")
    assert store.find(request.key) is not None
    (tmp_path / f"{request.key}.cell.json").write_text(text)
    assert outstanding([request], store, retry=False) == [request]


def test_a_full_disk_leaves_no_half_of_a_cell(
    tmp_path: Path, net: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, request = Store(tmp_path), request_of(net)
    real = os.fdopen

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, content: bytes) -> None:
            self.file.write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdopen", lambda *given: Full(real(*given)))
    with pytest.raises(WriteError, match="No space left on device"):
        store.keep(request, Outcome(request.key, State.DONE), b"x" * 100)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
    assert store.find(request.key) is None


def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match="is no folder for results"):
        Store(tmp_path / "file")


def test_a_request_for_each_kind_of_machine_in_their_order(net: Path) -> None:
    request = request_of(net)
    other = CPU._replace(device="another")
    twin = CPU._replace(gpus=("GPU-2",))
    made = make_requests([(Cell(str(net), {}), request.files)], [CPU, other, twin], 5.0, "/dir")
    assert [one.machine for one in made] == [CPU, other]
    assert made[0].key == request.key
    assert len({one.key for one in made}) == 2
    assert len({one.sweep for one in made}) == 1
    assert {(one.seconds, one.folder) for one in made} == {(5.0, "/dir")}


def test_a_record_is_json_that_others_can_read(tmp_path: Path, net: Path) -> None:
    store, request = Store(tmp_path), request_of(net)
    store.keep(replace(request), Outcome(request.key, State.TIMED_OUT, "late", host="h"), b"")
    told = json.loads((tmp_path / f"{request.key}.cell.json").read_text())
    assert told["schema"] == "trtcore/sweep-cell"
    assert told["state"] == "timed out"
