"""What malloc has handed out in this process, for tests of what is kept."""

from __future__ import annotations

import ctypes
import os

import pytest

_FIELDS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class _Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in _FIELDS.split()]


def in_use_bytes() -> int:
    """Blocks of the heap and those that malloc mapped by themselves."""
    if "asan" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip("the sanitizer has a heap of its own")
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        pytest.skip("not glibc 2.33 or later")
    library.mallinfo2.restype = _Heap
    found = library.mallinfo2()
    return int(found.uordblks + found.hblkhd)
