"""Reading caffemodels: every form blobs were ever stored in, and what is said of other files."""

from __future__ import annotations

import errno
import mmap
import struct

import numpy as np
import pytest
from caffemodel_writer import LAYER, V1_LAYERS, caffemodel, chunk, number

from trtcore.errors import ModelError
from trtcore.models.caffe.files import wire
from trtcore.models.caffe.files.caffemodel import Blob, read_caffemodel
from trtcore.models.caffe.files.wire import Wire

WEIGHTS = np.arange(24, dtype=np.float32).reshape(4, 3, 1, 2) - 7.5
BIAS = np.array([0.5, -1, 2, 3], np.float32)


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "net.caffemodel"
        path.write_bytes(content)
        return read_caffemodel(path)

    return read


@pytest.mark.parametrize("v1", [False, True])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("storage", ["packed", "unpacked", "two runs", "double"])
def test_every_form_of_blob(read, v1, legacy, storage):
    layers = {"conv1/a": [WEIGHTS, BIAS], "next": [BIAS]}
    found = read(caffemodel(layers, v1=v1, legacy=legacy, storage=storage))
    assert list(found) == ["conv1/a", "next"]
    for blob, wanted in zip(
        [*found["conv1/a"], *found["next"]], [WEIGHTS, BIAS, BIAS], strict=True
    ):
        assert blob.fits(wanted.shape)
        assert not blob.fits((7, *wanted.shape))
        np.testing.assert_array_equal(blob.values(), wanted.ravel())
        assert blob.values().dtype == np.float32


def test_packed_values_are_not_copied(read):
    blob = read(caffemodel({"a": [WEIGHTS]}))["a"][0]
    assert np.shares_memory(blob.values(), blob.parts[0])
    assert blob.parts[0].base is not None


def test_old_shapes_match_from_the_end():
    old = Blob((1, 1, 5, 10), is_legacy=True)
    assert old.fits((5, 10))
    assert old.fits((1, 5, 10))
    assert not old.fits((5, 10, 1))
    assert not old.fits((1, 1, 1, 5, 10))
    assert not Blob((1, 1, 5, 10)).fits((5, 10))


def test_scalar_blob(read):
    blob = read(caffemodel({"a": [np.array(3.0)]}))["a"][0]
    assert blob.fits(())
    assert blob.values().tolist() == [3]


def test_layers_without_blobs_are_left_out(read):
    assert list(read(caffemodel({"relu": [], "a": [BIAS]}))) == ["a"]


GOOD = caffemodel({"a": [WEIGHTS, BIAS]})


@pytest.mark.parametrize("cut", range(1, len(GOOD)))
def test_every_cut_is_noticed(read, cut):
    with pytest.raises(ModelError, match=r"not a caffemodel, or damaged|is a text file"):
        read(GOOD[:cut])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'layer { name: "x" }\n', "is a text file, expected a binary caffemodel (files swapped?)"),
        (b"\x89HDF\r\n\x1a\n" + bytes(64), "is an HDF5 snapshot, save it as a binary .caffemodel"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "not a caffemodel, or damaged (bad tag at byte 10)"),
        (bytes(64), "not a caffemodel, or damaged (bad tag at byte 0)"),
        (b"\xff" * 64, "not a caffemodel, or damaged (bad number at byte 0)"),
        (
            chunk(1, b"a\x01net"),
            "not a caffemodel, or damaged (no layer in it has weights)",
        ),
        (
            chunk(V1_LAYERS, chunk(1, b"\x01")),
            "not a caffemodel, or damaged (it is in the V0 format of 2013: use Caffe's "
            "upgrade_net_proto_binary)",
        ),
        (
            chunk(LAYER, chunk(7, chunk(7, chunk(1, b"\x03\x04")) + chunk(5, bytes(44)))),
            "not a caffemodel, or damaged (the blob at byte 5 has 11 values, its shape is [3, 4])",
        ),
        (
            chunk(LAYER, chunk(7, number(1, -2) + number(2, 3) + chunk(5, bytes(24)))),
            "not a caffemodel, or damaged (the blob at byte 5 has 6 values, its shape is "
            "[-2, 3, 0, 0])",
        ),
        (
            chunk(LAYER, chunk(7, chunk(5, bytes(5)))),
            "not a caffemodel, or damaged (field 5 at byte 7 is not a list of floats)",
        ),
        (number(LAYER, 3), "not a caffemodel, or damaged (field 100 at byte 2 is not a message)"),
        (b"", "the file is empty"),
    ],
)
def test_what_is_not_a_caffemodel_is_refused_in_one_line(read, tmp_path, content, message):
    with pytest.raises(ModelError) as caught:
        read(content)
    assert str(caught.value) == f"{tmp_path / 'net.caffemodel'}: {message}"


def test_more_fields_than_any_net_has(read, tmp_path, monkeypatch):
    monkeypatch.setattr(wire, "MAX_FIELDS", 4)
    with pytest.raises(ModelError) as caught:
        read(GOOD)
    assert str(caught.value) == (
        f"{tmp_path / 'net.caffemodel'}: not a caffemodel, or damaged (more than 4 fields)"
    )


def test_a_file_that_cannot_be_mapped(tmp_path, monkeypatch):
    def unmapped(*args, **kwargs):
        raise OSError(errno.ENODEV, "No such device")

    path = tmp_path / "net.caffemodel"
    path.write_bytes(GOOD)
    monkeypatch.setattr(mmap, "mmap", unmapped)
    with pytest.raises(ModelError) as caught:
        read_caffemodel(path)
    assert str(caught.value) == f"{path}: cannot be read ([Errno 19] No such device)"


def test_a_value_whose_tag_is_written_longer_than_needed() -> None:
    """Field 5 as two bytes, ``0xad 0x00``, is what protobuf reads too; found by fuzzing."""
    for tag in (b"\x2d", b"\xad\x00", b"\xad\x80\x80\x80\x00"):
        data = memoryview(2 * (tag + struct.pack("<f", 1.5)))
        wire = Wire(data)
        values = [wire.floats(item, "<f4") for item in wire.fields(0, len(data))]
        assert np.concatenate(values).tolist() == [1.5, 1.5]
