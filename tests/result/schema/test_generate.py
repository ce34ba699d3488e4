"""The JSON Schemas: equal to the records, and true of every kind of saved result."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from networks import MEASURED, measured
from paths import DATA
from schemas import BEGIN, DOCUMENT, generated, schema_file, schema_text, tables

import trtcore
from trtcore.compare.precisions.saved import dump_precisions, load_precisions
from trtcore.result.readers.load import load_baseline
from trtcore.result.saved import dump_profile, load_profile
from trtcore.result.schema.generate import json_schema
from trtcore.result.schema.shipped import shipped_schema
from trtcore.stats.arrays import FloatArray

Validator = jsonschema.Draft202012Validator


def errors(text: str, name: str = "profile") -> list[str]:
    checked = Validator(shipped_schema(name)).iter_errors(json.loads(text))
    return [f"{error.json_path}: {error.message[:80]}" for error in checked]


@pytest.mark.parametrize("name", ["profile", "precision-comparison"])
def test_the_shipped_schema_is_that_of_the_records(name: str) -> None:
    Validator.check_schema(generated()[name])
    assert schema_file(name).read_text() == schema_text(generated()[name]), "run `make schema`"


def test_the_document_is_that_of_the_records() -> None:
    assert DOCUMENT.read_text().partition(BEGIN)[2] == tables(), "run `make schema`"


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Leaf:
    """A leaf.

    Attributes:
        size: how large,
            in mm.
    """

    size: float
    colour: Colour = Colour.RED


@dataclass(frozen=True)
class Tree:
    """A tree of leaves."""

    leaves: tuple[Leaf, ...]
    heights: FloatArray
    first: Leaf | None = None


def test_a_small_record_whole() -> None:
    tree = json_schema(Tree, "trtcore/tree", 3)
    array = tree["$defs"].pop("float32Array")
    assert array["required"] == ["dtype", "shape"]
    assert array["anyOf"] == [{"required": ["planes_zlib_base64"]}, {"required": ["zlib_base64"]}]
    assert tree == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "trtcore/tree",
        "type": "object",
        "description": "A tree of leaves.",
        "required": ["schema", "version", "leaves", "heights"],
        "properties": {
            "schema": {"const": "trtcore/tree"},
            "version": {"const": 3},
            "leaves": {"type": "array", "items": {"$ref": "#/$defs/Leaf"}},
            "heights": {"$ref": "#/$defs/float32Array"},
            "first": {"anyOf": [{"$ref": "#/$defs/Leaf"}, {"type": "null"}]},
        },
        "$defs": {
            "Leaf": {
                "type": "object",
                "description": "A leaf.",
                "required": ["size"],
                "properties": {
                    "size": {"type": "number", "description": "how large, in mm."},
                    "colour": {"enum": ["red"]},
                },
            }
        },
    }


@pytest.mark.parametrize("name", [*MEASURED, "bert_base"])
def test_measured_results(name: str) -> None:
    assert errors(dump_profile(measured(name))) == []


OLD = sorted(path.stem for path in (DATA / "schema1").glob("*.json"))


@pytest.mark.parametrize("name", [name for name in OLD if name != "precisions"])
def test_results_of_every_kind(name: str) -> None:
    """On a CPU, of an engine, streamed, interrupted, and of other tools' files."""
    assert errors(dump_profile(load_profile(DATA / "schema1" / f"{name}.json"))) == []


def test_comparisons_of_precisions() -> None:
    comparison = load_precisions(DATA / "schema1" / "precisions.json")
    assert errors(dump_precisions(comparison), "precision-comparison") == []


@pytest.mark.parametrize(
    "file", ["trtexec_profile_googlenet_fp16_b4.json", "caffe_time_googlenet_b4.txt"]
)
def test_results_from_files_of_other_tools(file: str) -> None:
    assert errors(dump_profile(load_baseline(DATA / file))) == []


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("batch",), "4", "$.batch: '4' is not of type 'integer'"),
        (("version",), 7, "$.version: 2 was expected"),
        (("samples", "layer_ms", "dtype"), "int8", "$.samples.layer_ms.dtype: 'float32' was exp"),
        (("method", "timer"), "sundial", "$.method.timer: 'sundial' is not one of"),
        (("layers",), {}, "$.layers: {} is not of type 'array'"),
    ],
)
def test_what_a_reader_would_refuse(place: tuple[str, ...], value: Any, message: str) -> None:
    tree = json.loads(dump_profile(measured("resnet50")))
    inner = tree
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    (found,) = errors(json.dumps(tree))
    assert found.startswith(message)


def test_an_unknown_kind() -> None:
    with pytest.raises(trtcore.ResultError) as error:
        shipped_schema("report")
    assert str(error.value) == (
        "no schema is named 'report', must be one of profile, precision-comparison"
    )


@pytest.mark.slow
def test_ten_thousand_iterations_of_a_large_network_take_ten_megabytes(tmp_path: Path) -> None:
    """Times as CUDA events give them on an H200: in steps of 32 ns, with 1 % of noise."""
    from dataclasses import replace

    from trtcore.result.records.samples import Samples

    rng = np.random.default_rng(0)
    medians = np.exp(rng.normal(-4.5, 1.0, 206))
    times = medians * (1 + 0.01 * rng.standard_normal((10_000, 206)))
    layer_ms = (np.round(times / 32e-6) * 32e-6).astype(np.float32)
    profile = measured("swin_t")
    layers = (profile.layers * 3)[:206]
    samples = Samples(layer_ms, *[layer_ms.sum(1)] * 3)
    large = replace(profile, layers=layers, samples=samples, kernels=None)
    assert len(dump_profile(large)) < 10e6


def test_the_schemas_are_in_the_package_as_text() -> None:
    # Strict JSON: other languages' parsers read it.
    for name in ("profile", "precision-comparison"):
        json.loads(schema_file(name).read_text(), parse_constant=pytest.fail)
