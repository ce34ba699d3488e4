"""How long a Caffe import takes: googlenet with a caffemodel of 53 MB, and its stages.

    python benchmarks/bench_caffe_import.py [--rounds 20]

The weights are random and written to a temporary folder; the two heads of training, which the
published file holds too, bring it to its published size. Prints minimum, median and maximum wall
time of each stage in ms, in one warm process, and the machine.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from trtcore.models.caffe import load_caffe
from trtcore.models.caffe.caffemodel import read_caffemodel
from trtcore.models.caffe.prototxt import read_prototxt

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


def milliseconds(work: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    return times[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "googlenet.caffemodel"
        with weights.open("wb") as file:
            file.writelines(caffemodel())
        stages = {
            "read prototxt": lambda: read_prototxt(PROTOTXT),
            "index caffemodel": lambda: read_caffemodel(weights),
            "load_caffe, whole": lambda: load_caffe(PROTOTXT, weights),
            "load_caffe, made-up weights": lambda: load_caffe(PROTOTXT),
        }
        print(f"{weights.stat().st_size / 1e6:.1f} MB of weights, {rounds} rounds after 1")
        print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
        print(f"{'stage':28} {'min':>8} {'median':>8} {'max':>8}  ms")
        for stage, work in stages.items():
            times = milliseconds(work, rounds)
            spread = (min(times), statistics.median(times), max(times))
            print(f"{stage:28} " + " ".join(f"{each:8.1f}" for each in spread))


if __name__ == "__main__":
    main()
