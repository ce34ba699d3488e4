"""Saved results: what is read back is what was written, and what is foreign is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trtcore.errors import ResultError
from trtcore.result.records.accuracy import Accuracy, OutputAccuracy
from trtcore.result.records.build import (
    Build,
    EngineMemory,
    LayerPrecision,
    PrecisionCheck,
    PrecisionVerdict,
    TypeCount,
)
from trtcore.result.records.counts import Counts, Stop, StopReason, WarmUpEnd, WarmUpReason
from trtcore.result.records.layers import IOTensor, Layer, ModelNode, ModelRecord, TensorInfo
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.result.saved import (
    SCHEMA_VERSION,
    dump_profile,
    load_profile,
    parse_profile,
    save_profile,
)
from trtcore.system.records import Clocks, Environment


@pytest.fixture
def profile() -> Profile:
    rng = np.random.default_rng(0)
    return Profile(
        model=ModelRecord("net", "net.onnx", "file", (ModelNode("a", "Conv", ("x",), ("y",)),)),
        backend="tensorrt_rtx",
        precision="fp16",
        batch=4,
        method=Method(note="by hand"),
        io=(IOTensor("x", (4, 3), "Half", "chw2", "input"),),
        layers=(
            Layer("a + b", "kgen", ("a", "b"), "tactic", 0, (TensorInfo("x", (4, 3), "Half"),)),
            Layer("ünïcode \x1f"),
        ),
        samples=Samples(
            layer_ms=rng.random((7, 2), dtype=np.float32),
            wall_ms=rng.random(5, dtype=np.float32),
        ),
        counts=Counts(
            7,
            3,
            7,
            interrupted=True,
            warm_up=WarmUpEnd(WarmUpReason.TIMES_CHANGE, 5.0, change=0.03),
            stopped=Stop(StopReason.TOO_WIDE, 15.0, "conv", 2, (0.012, 0.01)),
        ),
        environment=Environment(
            "2026-01-01", "0.1", "3.12", "Linux", "cpu", "gpu", clocks=Clocks(345, 1980)
        ),
        build=Build(
            "TensorRT",
            1.5,
            100,
            precision=PrecisionCheck(
                "fp16",
                "Half",
                PrecisionVerdict.MET,
                (TypeCount("Half", 1), TypeCount("Float", 1)),
                (LayerPrecision("n", "kgen", "Float", ("b",), 0.5),),
            ),
            memory=EngineMemory(1 << 20, 90, 30),
            hardware_compatibility="AMPERE_PLUS",
        ),
        accuracy=Accuracy(
            (OutputAccuracy("y", 1.0, 0.5, float("inf"), 0.9, 1, 0),), note="by hand"
        ),
        warnings=(
            RunWarning(WarningKind.NO_GRAPH, note="one"),
            RunWarning(WarningKind.NODES_ADDED, (2.0,), ("Cast",)),
        ),
    )


def assert_same(one: Any, other: Any) -> None:
    if dataclasses.is_dataclass(one):
        assert type(one) is type(other)
        for field in dataclasses.fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    else:
        assert one == other


def test_a_saved_profile_reads_back_the_same(profile: Profile, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    save_profile(profile, path)
    assert_same(profile, load_profile(path))
    assert list(tmp_path.iterdir()) == [path]


def test_no_engine_is_none(profile: Profile) -> None:
    text = dump_profile(dataclasses.replace(profile, build=None))
    assert parse_profile(text).build is None


def test_an_older_file_tells_no_memory(profile: Profile) -> None:
    tree = json.loads(dump_profile(profile))
    assert tree["build"]["memory"] == {
        "context_bytes": 1048576,
        "streamable_weights_bytes": 90,
        "weight_streaming_budget_bytes": 30,
        "stripped_weights_bytes": 0,
        "weights_bytes": 0,
    }
    del tree["build"]["memory"], tree["build"]["hardware_compatibility"]
    build = parse_profile(json.dumps(tree)).build
    assert build is not None
    assert (build.memory, build.hardware_compatibility) == (None, "")


def test_fields_of_a_later_minor_release_do_no_harm(profile: Profile) -> None:
    tree = json.loads(dump_profile(profile))
    tree["counts"]["later"] = 1
    assert parse_profile(json.dumps(tree)).counts == profile.counts


def changed(profile: Profile, *path: str | int, value: Any) -> str:
    tree = json.loads(dump_profile(profile))
    place = tree
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(tree)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("version",), 99, f"schema version 99; this trtcore reads {SCHEMA_VERSION}"),
        (
            ("schema",),
            "trtcore/report",
            "result.json: not a saved trtcore profile: its schema is 'trtcore/report', expected "
            "'trtcore/profile'",
        ),
        (
            ("schema",),
            5,
            'result.json: not a saved trtcore profile .no "schema": "trtcore/profile".',
        ),
        (
            ("warnings", 0, "kind"),
            "odd",
            r"warnings\[0\].kind is 'odd', expected one of 'not gated'",
        ),
        (("counts", "warm_up"), "steady", "profile.counts.warm_up is 'steady', expected an object"),
        (("batch",), "four", "profile.batch is 'four', expected int"),
        (("layers", 0, "nodes"), "a", r"profile.layers\[0\].nodes is 'a', expected a list"),
        (("layers", 0), 7, r"profile.layers\[0\] is 7, expected an object"),
        (("model",), {}, "profile.model has no 'name', 'source'"),
        (("samples", "layer_ms", "shape"), [7, 3], "layer_ms is not a packed float32 array"),
        (("samples", "layer_ms", "shape"), [7, -2], "layer_ms is not a packed float32 array"),
        (("samples", "layer_ms", "shape"), [2**40, 2], "layer_ms is not a packed float32 array"),
        (
            ("samples", "layer_ms", "planes_zlib_base64"),
            "!",
            "layer_ms is not a packed float32 array",
        ),
        (("layers",), [], r"layer_ms has shape \(7, 2\), but there are 0 layers"),
    ],
)
def test_what_does_not_fit_is_named(
    profile: Profile, path: tuple[str | int, ...], value: Any, message: str
) -> None:
    with pytest.raises(ResultError, match=message):
        parse_profile(changed(profile, *path, value=value), "result.json")


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "[" * 100_000], ids=len)
def test_what_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(ResultError, match="not a saved trtcore profile"):
        parse_profile(text, "x.json")


def test_a_compression_bomb_is_not_unpacked(profile: Profile) -> None:
    import base64
    import zlib

    bomb = base64.b64encode(zlib.compress(bytes(10**8))).decode()
    with pytest.raises(ResultError, match="not a packed float32 array"):
        parse_profile(changed(profile, "samples", "layer_ms", "planes_zlib_base64", value=bomb))
