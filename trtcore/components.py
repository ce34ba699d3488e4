"""Union-find: which things belong together because a chain of pairs joins them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Components(Generic[T]):
    """Connected components of pairs that are added one after the other."""

    def __init__(self) -> None:
        self._parent: dict[T, T] = {}

    def __iter__(self) -> Iterator[T]:
        """All members, in the order they were first seen."""
        return iter(self._parent)

    def root(self, member: T) -> T:
        """The one member that stands for all it is joined with; an unknown one is added."""
        parent = self._parent.setdefault(member, member)
        while parent != self._parent[parent]:
            self._parent[parent] = self._parent[self._parent[parent]]
            parent = self._parent[parent]
        return parent

    def join(self, one: T, other: T) -> None:
        """Puts two members, and all joined with them, together."""
        self._parent[self.root(one)] = self.root(other)
