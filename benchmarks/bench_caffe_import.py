"""How long a Caffe import takes: googlenet with a caffemodel of 53 MB, and its stages.

The weights are random and written to a temporary folder; the two heads of training, which the
published file holds too, bring it to its published size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from harness import Benchmark, Measured, interleave, main, milliseconds

from trtcore.models.caffe.files.caffemodel import read_caffemodel
from trtcore.models.caffe.files.prototxt import read_prototxt
from trtcore.models.caffe.importer import load_caffe

PROTOTXT = Path(__file__).parents[1] / "tests/data/caffe/bvlc_googlenet_deploy.prototxt"


def varint(value: int) -> bytes:
    head = b""
    while value > 0x7F:
        head += bytes([value & 0x7F | 0x80])
        value >>= 7
    return head + bytes([value])


def chunk(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def layer(name: str, shapes: list[tuple[int, ...]]) -> bytes:
    blobs = b""
    for shape in shapes:
        values = np.random.default_rng(0).standard_normal(shape, np.float32).tobytes()
        dims = chunk(7, chunk(1, b"".join(map(varint, shape))))
        blobs += chunk(7, dims + chunk(5, values))
    return chunk(100, chunk(1, name.encode()) + blobs)


def caffemodel() -> Iterator[bytes]:
    shapes: dict[str, list[tuple[int, ...]]] = {}
    for each in load_caffe(PROTOTXT).proto.graph.initializer:
        shapes.setdefault(each.name[:-2], []).append(tuple(each.dims))
    for head in ("loss1", "loss2"):
        shapes[f"{head}/fc"] = [(1024, 2048), (1024,)]
        shapes[f"{head}/classifier"] = [(1000, 1024), (1000,)]
    return (layer(name, blobs) for name, blobs in shapes.items())


def measure(quick: bool) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "googlenet.caffemodel"
        with weights.open("wb") as file:
            file.writelines(caffemodel())
        stages: dict[str, Callable[[], object]] = {
            "read prototxt": partial(read_prototxt, PROTOTXT),
            "index caffemodel": partial(read_caffemodel, weights),
            "load_caffe, whole": partial(load_caffe, PROTOTXT, weights),
            "load_caffe, random weights": partial(load_caffe, PROTOTXT),
        }
        arms = {f"{name}, ms": partial(milliseconds, work) for name, work in stages.items()}
        note = f"{weights.stat().st_size / 1e6:.1f} MB of weights"
        return Measured(interleave(arms, 3 if quick else 20), (note,))


if __name__ == "__main__":
    main(
        Benchmark(
            title="Importing a Caffe model",
            method="GoogLeNet with a caffemodel of its published size, and the import's stages.",
            measure=measure,
            goals=(),
        )
    )
