"""The wire format reader of Caffe's weights."""

from __future__ import annotations

from fuzz.trying import file_of, refusing

from trtcore.models.caffe.files.caffemodel import read_caffemodel


def fuzz_one(data: bytes) -> None:
    with refusing():
        for blobs in read_caffemodel(file_of(data, ".caffemodel")).values():
            for blob in blobs:
                if blob.parts:
                    blob.values()
