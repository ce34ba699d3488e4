"""The folder of a sweep: a saved result and a record for each cell, by key.

``KEY.json`` is what `trtcore.save_profile` writes. ``KEY.cell.json`` says which cell it is and how
it ended, and is written last: without it a cell is not there, however the sweep ended.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trtcore.errors import ResultError
from trtcore.sweeps.outcomes import Outcome, Request, State
from trtcore.system.files import write_file
from trtcore.system.json_text import read_json

SCHEMA = "trtcore/sweep-cell"
VERSION = 1
# A change of what a key is made of, or of what a cell measures, must change every key.
_KEY_VERSION = 1
# 64 bits: of a million cells two have one key with a chance of 3 in 10^8.
_KEY_DIGITS = 16
_RECORD = ".cell.json"


@dataclass(frozen=True)
class Record:
    """A cell of a sweep, as far as it has ended.

    Attributes:
        key: of its result.
        model: as the user named it.
        digest: of the model's own files.
        options: of `trtcore.profile_model`, defaults left out.
        backend: what times.
        runtime: the library, with its version.
        device: name of the GPU, or of the processor.
        state: how it ended.
        message: why, if it is not done.
        last_line: TensorRT's last message before a crash or time-out.
        seconds: how long it took.
        host: where it ran.
    """

    key: str
    model: str
    digest: str
    options: Mapping[str, Any] = field(default_factory=dict)
    backend: str = ""
    runtime: str = ""
    device: str = ""
    state: State = State.DONE
    message: str = ""
    last_line: str = ""
    seconds: float = 0.0
    host: str = ""

    @property
    def is_done(self) -> bool:
        """Whether there is a result."""
        return self.state is State.DONE


def cell_key(digest: str, options: Mapping[str, Any], identity: tuple[str, str, str]) -> str:
    """Returns the key of a cell: the same on every machine for the same measurement.

    Args:
        digest: `Files.digest`, of all files by content.
        options: defaults left out; paths of files that are in the digest count by name only.
        identity: `Machine.identity`: backend, TensorRT's version and GPU.
    """
    by_content = {name: one for name, one in options.items() if name != "weights"}
    if "plugins" in options:  # those without a path are searched, and are no files
        by_content["plugins"] = [name for name in options["plugins"] if "/" not in name]
    inputs = by_content.get("inputs")
    if isinstance(inputs, str) and inputs.endswith(".npz"):
        by_content["inputs"] = "file"
    whole = [_KEY_VERSION, digest, by_content, *identity]
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]


class Store:
    """The folder of a sweep.

    Args:
        folder: created if need be.

    Raises:
        ResultError: it cannot be created.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultError(f"{folder}: is no folder for results ({error.strerror})") from None

    def result_path(self, key: str) -> Path:
        """Returns where the saved result of a cell lies."""
        return self.folder / f"{key}.json"

    def keep(self, request: Request, outcome: Outcome, content: bytes) -> None:
        """Writes how a cell ended, and its result if it is done.

        Raises:
            WriteError: such as on a full disk; the cell then counts as not measured.
        """
        if outcome.state is State.DONE:
            write_file(self.result_path(outcome.key), content)
        record = {
            "schema": SCHEMA,
            "version": VERSION,
            "key": outcome.key,
            "model": request.model,
            "digest": request.files.model,
            "options": dict(request.options),
            "backend": request.machine.backend,
            "runtime": request.machine.runtime,
            "device": request.machine.device,
            "state": outcome.state.value,
            "message": outcome.message,
            "last_line": outcome.last_line,
            "seconds": round(outcome.seconds, 3),
            "host": outcome.host or socket.gethostname(),
        }
        text = json.dumps(record, indent=1) + "\n"
        write_file(self.folder / f"{outcome.key}{_RECORD}", text.encode())

    def find(self, key: str) -> Record | None:
        """Returns the record of a cell; None if it has not ended yet, or its result is gone."""
        record = _read(self.folder / f"{key}{_RECORD}")
        if record is None or (record.is_done and not self.result_path(key).is_file()):
            return None
        return record

    def records(self) -> Iterator[Record]:
        """Every cell that has ended, in the order of the keys."""
        for path in sorted(self.folder.glob(f"*{_RECORD}")):
            record = self.find(path.name.removesuffix(_RECORD))
            if record is not None:
                yield record


def _read(path: Path) -> Record | None:
    """A record; None for what is none, which is then measured again."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        told = read_json(path.read_text())
        if told.pop("schema") == SCHEMA and told.pop("version") == VERSION:
            return Record(**{**told, "state": State(told["state"])})
    return None
