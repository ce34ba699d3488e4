"""Any text that a profile can be compared with: which reader takes it, and what it makes of it."""

from __future__ import annotations

from fuzz.trying import file_of, refusing

from trtcore.result.readers.load import load_baseline


def fuzz_one(data: bytes) -> None:
    with refusing():
        load_baseline(file_of(data, ".txt"))
