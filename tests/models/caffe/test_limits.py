"""Bad files are refused in little time and memory, and good ones are read in place."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from caffemodel_writer import LAYER, caffemodel, chunk

from trtcore.models.caffe.importer import load_caffe

INPUT = 'input: "data" input_shape { dim: 1 dim: 3 dim: 64 dim: 64 }\n'
CONV = """layer { name: "c" type: "Convolution" bottom: "data" top: "c"
  convolution_param { num_output: %d kernel_size: 3 } }"""
NET = (INPUT + CONV % 4).encode()
# Loads the files of each folder in a process of its own, forked once the modules are there.
PROGRAM = """
import json, os, sys, time
from pathlib import Path
from trtcore.errors import ModelError
from trtcore.models.caffe import load_caffe
def load(folder):
    start, model = time.process_time(), folder / "net.caffemodel"
    try:
        load_caffe(folder / "net.prototxt", model if model.exists() else None)
    except ModelError as problem:
        refusal = str(problem)
    # Not ru_maxrss: a child begins with what its parent had. CPU time: no clock that others stop.
    status = dict(line.split(':', 1) for line in Path('/proc/self/status').read_text().splitlines())
    megabytes = int(status['VmHWM'].split()[0]) // 1024
    (folder / "cost").write_text(json.dumps([refusal, megabytes, time.process_time() - start]))
for folder in map(Path, sys.argv[1:]):
    child = os.fork()
    if not child:
        load(folder)
        os._exit(0)
    os.waitpid(child, 0)
"""
BAD = {
    "nested more than 64 deep": lambda: (b"a { " * 10_000, None),
    "1000000000x3x3x3": lambda: ((INPUT + CONV % 1_000_000_000).encode(), None),
    "1x1000000000x64x64": lambda: (NET.replace(b"dim: 3", b"dim: 1000000000"), None),
    "has no layers": lambda: (b"x: 1\n" * 200_000, None),
    "is a binary file": lambda: (caffemodel({"c": [np.ones(10_000_000)]}), None),
    "is a text file": lambda: (NET, NET * 100_000),
    "more than 300000 fields": lambda: (NET, b"\x2d\1\2\3\4\x25\1\2\3\4" * 1_000_000),
    "too long": lambda: (NET, chunk(LAYER, chunk(7, chunk(7, chunk(1, b"\1" * 10_000_000))))),
    "has 10000000 for it": lambda: (NET, caffemodel({"c": [np.ones(10_000_000)]})),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The folder of each bad net, with what its loading cost."""
    folders = {}
    for message, make in BAD.items():
        folders[message] = folder = tmp_path_factory.mktemp("bad")
        for name, content in zip(("net.prototxt", "net.caffemodel"), make(), strict=True):
            if content is not None:
                (folder / name).write_bytes(content)
    subprocess.run([sys.executable, "-c", PROGRAM, *map(str, folders.values())], check=True)
    return folders


@pytest.mark.parametrize("message", BAD)
def test_bad_files_take_little_time_and_memory(loaded, message):
    refusal, megabytes, seconds = json.loads((loaded[message] / "cost").read_text())
    assert message in refusal
    assert megabytes < 1000
    assert seconds < 10, "of CPU; what grew as the square of these sizes took minutes"


def test_no_weights_are_made_before_the_whole_net_is_sound(write_net, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr("trtcore.models.caffe.weights.he_normal", never)
    net = write_net(
        CONV % 4 + 'layer { name: "l" type: "RNN" bottom: "c" top: "l" }', data=(1, 3, 8, 8)
    )
    with pytest.raises(Exception, match="RNN"):
        load_caffe(net)


def test_googlenet_with_53_mb_of_weights_imports_in_seconds_of_cpu(deploy_files, tmp_path):
    prototxt = deploy_files / "bvlc_googlenet_deploy.prototxt"
    graph = load_caffe(prototxt).proto.graph
    layers = {}
    for each in graph.initializer:
        values = np.frombuffer(each.raw_data, np.float32).reshape(tuple(each.dims))
        layers.setdefault(each.name[:-2], []).append(values)
    # The published file also holds the two heads of training, which the deploy file leaves out.
    heads = {f"loss{i}/fc": [np.ones((1024, 3072), np.float32)] for i in (1, 2)}
    weights = tmp_path / "googlenet.caffemodel"
    weights.write_bytes(caffemodel({**layers, **heads}))
    assert weights.stat().st_size > 52e6
    start = time.process_time()
    model = load_caffe(prototxt, weights)
    # 0.3 s here; read field by field, 13 million numbers take 10 s and more.
    assert time.process_time() - start < 3
    assert model.notes[-1] == ("unused weights: 'loss1/fc' (1024x3072), 'loss2/fc' (1024x3072)")
