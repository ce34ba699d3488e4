"""Reads protobuf's wire format in place, without copying the fields it skips.

Protobuf's own parser would copy every weight twice; a caffemodel needs a handful of tags.

Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_FIXED_BYTES = {FIXED64: 8, FIXED32: 4}
# Every field costs Python time: a damaged file is given up after a second or so. A run of unpacked
# floats counts as one field, so real nets stay far below.
MAX_FIELDS = 300_000
# In bytes: the 32 axes that Caffe allows, at 10 bytes for the longest varint.
MAX_INTEGERS = 320


class WireError(ValueError):
    """The bytes are not protobuf, or end too early; the message says where."""


@dataclass(frozen=True)
class Field:
    """One field of a message.

    Attributes:
        number: field number.
        wire_type: `VARINT`, `FIXED64`, `LENGTH` or `FIXED32`.
        start: first byte of the payload; of the first tag for the fixed types.
        end: one past the payload; the fixed types span a whole run of equal tags.
        value: the number of a varint, 0 otherwise.
    """

    number: int
    wire_type: int
    start: int
    end: int
    value: int = 0


class Wire:
    """A buffer of protobuf messages."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self._fields = 0

    def fields(self, start: int, end: int) -> Iterator[Field]:
        """Yields the fields of the message in ``data[start:end]``.

        Raises:
            WireError: malformed, truncated, or more fields in the file than any net has.
        """
        while start < end:
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise WireError(f"more than {MAX_FIELDS} fields")
            field = self._field(start, end)
            yield field
            start = field.end

    def message(self, field: Field) -> Iterator[Field]:
        """Yields the fields of a message inside a message.

        Raises:
            WireError: as `fields`, or the field is a plain number.
        """
        if field.wire_type != LENGTH:
            raise WireError(f"field {field.number} at byte {field.start} is not a message")
        return self.fields(field.start, field.end)

    def packed_ints(self, field: Field) -> list[int]:
        """The int64 values of a packed, or single unpacked, field.

        Raises:
            WireError: truncated, too long, or not a list of integers.
        """
        if field.wire_type == VARINT:
            return [signed(field.value)]
        if field.wire_type != LENGTH:
            raise WireError(f"field {field.number} at byte {field.start} is not a list of integers")
        if field.end - field.start > MAX_INTEGERS:
            raise WireError(f"field {field.number} at byte {field.start} is too long for a shape")
        values, position = [], field.start
        while position < field.end:
            value, position = self.varint(position, field.end)
            values.append(signed(value))
        return values

    def varint(self, position: int, end: int) -> tuple[int, int]:
        """The unsigned varint at a position, and the position after it.

        Raises:
            WireError: truncated or longer than 10 bytes.
        """
        # 64 bits at 7 a byte take 10 bytes at most.
        value = 0
        for shift, at in enumerate(range(position, min(position + 10, end))):
            byte = self.data[at]
            value |= (byte & 0x7F) << 7 * shift
            if byte < 0x80:
                return value, at + 1
        raise WireError(f"bad number at byte {position}")

    def floats(self, field: Field, dtype: str) -> np.ndarray[tuple[int], np.dtype[np.floating]]:
        """The values of a packed (a view of the buffer) or unpacked run of floats.

        Args:
            field: of wire type `LENGTH`, or the fixed type of the same size.
            dtype: ``<f4`` or ``<f8``.

        Raises:
            WireError: not a whole number of values.
        """
        size = np.dtype(dtype).itemsize
        length = field.end - field.start
        if field.wire_type == LENGTH and length % size == 0:
            return np.frombuffer(self.data, dtype, length // size, field.start)
        if _FIXED_BYTES.get(field.wire_type) == size:
            # Every unpacked value has its one-byte tag in front: the first column.
            run = np.frombuffer(self.data, np.uint8, length, field.start).reshape(-1, size + 1)
            return np.ascontiguousarray(run[:, 1:]).view(dtype).ravel()
        raise WireError(f"field {field.number} at byte {field.start} is not a list of floats")

    def _field(self, start: int, end: int) -> Field:
        tag, position = self.varint(start, end)
        number, wire_type = tag >> 3, tag & 7
        if number == 0:
            raise WireError(f"bad tag at byte {start}")
        if wire_type == VARINT:
            value, stop = self.varint(position, end)
            return Field(number, wire_type, position, stop, value)
        if wire_type == LENGTH:
            length, position = self.varint(position, end)
        elif wire_type in _FIXED_BYTES:
            length = _FIXED_BYTES[wire_type]
        else:
            raise WireError(f"bad wire type {wire_type} at byte {start}")
        if length > end - position:
            raise WireError(
                f"truncated: byte {start} announces {length} bytes, {end - position} follow"
            )
        if wire_type == LENGTH:
            return Field(number, wire_type, position, position + length)
        first_end = position + length
        if position - start > 1:
            # A tag of several bytes, as field numbers above 15 have: one value behind its last.
            return Field(number, wire_type, position - 1, first_end)
        return Field(number, wire_type, start, self._run_end(start, first_end, end))

    def _run_end(self, start: int, first_end: int, end: int) -> int:
        """Where a run of unpacked fixed-size values with the same one-byte tag ends."""
        stride = first_end - start
        # Blocks that grow: a short run reads little of the file, a long one takes few steps.
        length, ahead = 1, 64
        while True:
            count = min(ahead, (end - start) // stride)
            tags = np.frombuffer(self.data, np.uint8, count * stride, start)[::stride]
            others = np.flatnonzero(tags[length:] != tags[0])
            if others.size:
                return start + stride * (length + int(others[0]))
            if count < ahead:
                return start + stride * count
            length, ahead = count, 8 * ahead


def signed(value: int) -> int:
    """The int64 whose two's complement a varint carries."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value
