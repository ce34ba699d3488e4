"""The text parser of Caffe's deploy files, and the net that is made of them."""

from __future__ import annotations

from pathlib import Path

from fuzz.trying import refusing, text_of

from trtcore.models.caffe.files.prototxt import parse_prototxt
from trtcore.models.caffe.net import assemble
from trtcore.models.caffe.wiring import Wiring


def fuzz_one(data: bytes) -> None:
    with refusing():
        Wiring(assemble(parse_prototxt(text_of(data), Path("net.prototxt"))))
