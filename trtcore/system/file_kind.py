"""The kind of a file, by its first bytes: for messages about a file of the wrong kind."""

from __future__ import annotations

import codecs
import re

HEAD_BYTES = 65536
"""How much of a file `kind_of` needs: a prototxt may begin with pages of comments."""

PLAN_SUFFIXES = (".plan", ".engine", ".trt")
"""Suffixes of files with serialized engines."""

PLAN = "a serialized engine"
ONNX = "an ONNX model"
CAFFE = "a Caffe prototxt"
JSON = "JSON"
TEXT = "text"
EMPTY = "empty"
UNKNOWN = "no file of a known kind"

# Source: plans of TensorRT 8.6 to 10.16 (ftrt), before that (ptrt) and of TensorRT-RTX (vtrt).
_PLAN_MAGIC = (b"ftrt", b"ptrt", b"vtrt")
_CAFFE = re.compile(rb"^\s*(layers?|input)\s*[:{]", re.MULTILINE)


def kind_of(head: bytes) -> str:
    """Returns the kind of a file: one of the constants of this module.

    Args:
        head: its first `HEAD_BYTES` bytes, fewer if it has no more.
    """
    if head.startswith(_PLAN_MAGIC):
        return PLAN
    # An ONNX file starts with field 1, ir_version, as a varint.
    if head[:1] == b"\x08" and len(head) > 2:
        return ONNX
    if b"\0" in head:
        return UNKNOWN
    if head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        return JSON
    if _CAFFE.search(head):
        return CAFFE
    return (TEXT if head else EMPTY) if _is_text(head) else UNKNOWN


def _is_text(head: bytes) -> bool:
    try:
        # Incremental, because the head may end inside a character.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
