"""Python without the GIL is refused at import, in one clear line."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.skipif("t" in sys.abiflags, reason="nothing to compare with")
@pytest.mark.parametrize(("flags", "code"), [("", 0), ("d", 0), ("t", 1), ("td", 1)])
def test_free_threaded_python_is_refused_at_import(flags: str, code: int) -> None:
    program = f"import sys; sys.abiflags = {flags!r}; import trtcore"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ran.returncode == code, ran.stderr
    said = "ImportError: trtcore does not work with free-threaded Python yet" in ran.stderr
    assert said == bool(code)
