"""The fake library as a driver sees it: which slots were called, and what each is to do."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import Any

# Calls that fit between two readings; more are dropped.
_MOST_CALLS = 4096


class Kind(IntEnum):
    """Interfaces, numbered as in fake_nvinfer.cpp, which makes the first four itself."""

    RUNTIME = 0
    BUILDER = 1
    REGISTRY = 2
    PARSER = 3
    ENGINE = 4
    CONTEXT = 5
    INSPECTOR = 6
    NETWORK = 7
    CONFIG = 8
    TIMING_CACHE = 9
    HOST_MEMORY = 10
    RUNTIME_CONFIG = 11


class Action(IntEnum):
    """What a slot does, as `Action` in fake_nvinfer.cpp says."""

    GIVE = 0
    MAKE = 1
    KEEP = 2
    KEEP_FLAG = 3
    KEEP_SECOND = 4
    KEEP_TEXT = 5
    KEPT = 6
    KEPT_TEXT = 7
    ENQUEUE = 8
    REPORT = 9
    REFUSE = 10


class _Call(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int32),
        ("slot", ctypes.c_int32),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


class Fake:
    """The library that the bindings of this process were loaded with.

    Args:
        library: its name, as the loader knows it.
        is_versioned: whether loggers and profilers derive from IVersionedInterface, as in layout
            11: their own methods then begin at slot 4, else at 0.
    """

    def __init__(self, library: str, is_versioned: bool) -> None:
        self._library: Any = ctypes.CDLL(library)
        self._library.fake_rule.argtypes = [*[ctypes.c_int] * 3, ctypes.c_uint64]
        self._library.fake_interface.restype = ctypes.c_void_p
        self._library.fake_profiler.argtypes = [ctypes.c_size_t]
        self._library.fake_callbacks.argtypes = [ctypes.c_size_t]
        self._library.fake_callbacks(4 if is_versioned else 0)
        self._library.fake_calls.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        self._library.fake_calls.restype = ctypes.c_size_t
        self._kept_alive: list[Any] = []

    def slots(self, kind: Kind, call: Callable[[], object]) -> list[int]:
        """The slots of an interface that a call goes through, in order.

        The call may fail: before its slot is known, nothing can be there to answer it.
        """
        self._read_calls()
        with suppress(TypeError, ValueError, RuntimeError):
            call()
        return [one.slot for one in self._read_calls() if one.kind == kind]

    def slot(self, kind: Kind, call: Callable[[], object]) -> int:
        """The one slot that a call goes through."""
        slots = self.slots(kind, call)
        if len(slots) != 1:
            raise AssertionError(f"expected one slot of {kind.name}, got {slots}")
        return slots[0]

    def rule(self, kind: Kind, slot: int, action: Action, value: int = 0) -> None:
        """Says what a slot does from now on."""
        self._library.fake_rule(kind, slot, action, value)

    def give(self, kind: Kind, value: int, call: Callable[[], object]) -> int:
        """Lets the slot that a call goes through return a value; returns the slot."""
        slot = self.slot(kind, call)
        self.rule(kind, slot, Action.GIVE, value)
        return slot

    def make(self, kind: Kind, made: Kind, call: Callable[[], object]) -> int:
        """Lets the slot that a call goes through return a new object each time, for its caller."""
        slot = self.slot(kind, call)
        self.rule(kind, slot, Action.MAKE, made)
        return slot

    def refuse_in(self, kind: Kind, cell: int, call: Callable[[], object]) -> None:
        """Lets the slot that a call goes through log the text of a cell and return null."""
        self.rule(kind, self.slot(kind, call), Action.REFUSE, cell)

    def interface(self, kind: Kind) -> int:
        """The address of a new object, for a slot to return; one caller at most may own it."""
        return int(self._library.fake_interface(kind))

    def text(self, cell: int, text: str) -> None:
        """Sets what `Action.KEPT_TEXT` returns."""
        self._library.fake_text(cell, text.encode())

    def memory(self, content: bytes) -> int:
        """The address of bytes that stay."""
        buffer = ctypes.create_string_buffer(content, len(content))
        self._kept_alive.append(buffer)
        return ctypes.addressof(buffer)

    def refuse(self, kind: Kind, severity: int, reason: str) -> None:
        """Lets a factory log a reason and return null; an empty reason lets it work again."""
        self._library.fake_refuse(kind, severity, reason.encode())

    def report_layers(self, names: tuple[str, ...], profiler_cell: int) -> None:
        """Says which layers a run reports to the profiler in a cell."""
        for name in names:
            self._library.fake_layer(name.encode())
        self._library.fake_profiler(profiler_cell)

    def _read_calls(self) -> list[_Call]:
        room = (_Call * _MOST_CALLS)()
        return list(room[: self._library.fake_calls(room, _MOST_CALLS)])
