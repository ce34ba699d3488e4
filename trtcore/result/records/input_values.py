"""What an input of a network was fed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InputValues:
    """The values of an input, as far as they are kept.

    Attributes:
        name: of the input.
        source: where they come from: ``random``, a generator, ``array`` or the path of a file.
        meaning: what the model takes them for, such as ``token ids``; empty where it is not known.
        least: the smallest; 0 of an empty input.
        most: the largest; 0 of an empty input.
        values: all of them in order, where they are whole numbers and few: those of a shape.
    """

    name: str
    source: str
    meaning: str = ""
    least: float = 0.0
    most: float = 0.0
    values: tuple[int, ...] = ()
