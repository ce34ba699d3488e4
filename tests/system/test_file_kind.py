"""What a file is, by its first bytes."""

from __future__ import annotations

import pytest

from trtcore.system.file_kind import CAFFE, EMPTY, JSON, ONNX, PLAN, TEXT, UNKNOWN, kind_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"ftrt\0\0", PLAN),
        (b"ptrt\0\0", PLAN),
        (b"vtrt\0\0", PLAN),
        (b"\x08\x08:\xe2@", ONNX),
        (b"\x08", TEXT),
        (b'{"schema": 1}', JSON),
        (b"\xef\xbb\xbf [1, 2]", JSON),
        (b'# by hand\nname: "net"\nlayer {\n', CAFFE),
        (b"index,median_ms\n", TEXT),
        ("größe".encode(), TEXT),
        ("größe".encode()[:-4], TEXT),  # cut within a letter
        ("größe".encode("latin-1"), UNKNOWN),
        (b"{\0", UNKNOWN),
        (b"", EMPTY),
    ],
)
def test_every_kind(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind
