"""Names in an ONNX file are UTF-8, which protobuf does not check for it."""

from __future__ import annotations

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from onnx import TensorProto

# Enough to find the place in the file, in a message of one line.
_MOST_SHOWN = 60


def broken_text(message: Message) -> str:
    """The first text in a message that is not UTF-8, as its bytes are written; ``""`` if none is.

    Bindings of C++ fail on such a text, each in its own way, wherever it is first looked at.
    """
    if isinstance(message, TensorProto):
        # Only these: listing all its fields would copy the values.
        entries = (text for entry in message.external_data for text in (entry.key, entry.value))
        return next(filter(None, map(_shown, (message.name, *entries))), "")
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            parts = [value] if isinstance(value, Message) else value
            found = next(filter(None, map(broken_text, parts)), "")
        elif field.type == FieldDescriptor.TYPE_STRING:
            texts = [value] if isinstance(value, (str, bytes)) else value
            found = next(filter(None, map(_shown, texts)), "")
        else:
            continue
        if found:
            return found
    return ""


def _shown(text: str | bytes) -> str:
    # Python's protobuf hands out as bytes what it cannot decode.
    return repr(text[:_MOST_SHOWN])[1:] if isinstance(text, bytes) else ""
