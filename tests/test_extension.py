"""A new precision, report format, reader or backend is a row: each is added here from outside.

Nothing but the tables is touched; the command line, the errors and the work itself follow.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from hand_made_profiles import chain, figures, make_profile
from onnx import numpy_helper, parser

import trtcore
from trtcore.cli import main
from trtcore.errors import OptionError, PrecisionError
from trtcore.measure.nodes.onnxruntime.profile import profile_nodes
from trtcore.measure.nodes.timers import TIMERS, NodeTimer
from trtcore.precision.convert.apply import apply_precision, own_precision
from trtcore.precision.formats import FORMATS as PRECISIONS
from trtcore.precision.formats import Precision, PrecisionFormat
from trtcore.precision.verify.check import check_precision
from trtcore.report.content.facts.precision import precision_line
from trtcore.report.formats import FORMATS, Format
from trtcore.result.backends import BACKENDS, Backend
from trtcore.result.readers import registry
from trtcore.result.readers.registry import Reader
from trtcore.result.readers.single_figures import make_profile as make_table
from trtcore.result.records.build import PrecisionVerdict
from trtcore.result.records.layers import Layer, TensorInfo
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch

MIXED = """
<ir_version: 10, opset_import: ["" : 21]>
mixed (float[4,4] x) => (float[4,4] y) <float[4,4] w> {
  [turn] t = Transpose (w)
  [sum] y = Add (x, t)
}
"""


@pytest.fixture
def run(capsys: Capture) -> Callable[..., tuple[int, str, str]]:
    def run_main(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, " ".join(out.split()), err  # --help wraps its lines

    return run_main


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    layers = [Layer("a", nodes=("a",)), Layer("b", nodes=("b",))]
    profile = make_profile(layers, [[1.0, 2.0]], chain("a", "b"))
    trtcore.save_profile(profile, tmp_path / "new.json")
    return tmp_path / "new.json"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    proto = parser.parse_model(MIXED)
    weights = np.linspace(-3, 3, 16, dtype=np.float32).reshape(4, 4)
    proto.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    onnx.save(proto, tmp_path / "mixed.onnx")
    return tmp_path / "mixed.onnx"


class TestReportFormat:
    @pytest.fixture(autouse=True)
    def names(self, monkeypatch: Patch) -> None:
        def render(profile: Profile) -> str:
            return "".join(f"{layer.name}\n" for layer in profile.layers)

        monkeypatch.setitem(FORMATS, "toy", Format("a name per line", render))  # type: ignore[arg-type]

    def test_it_renders(self, run: Any, saved: Path, tmp_path: Path) -> None:
        assert run("report", saved, "--format", "toy") == (0, "a b", "")
        assert run("report", saved, "--format", "toy", "-o", tmp_path / "names.txt")[0] == 0
        assert (tmp_path / "names.txt").read_text() == "a\nb\n"

    def test_help_and_errors_know_it(self, run: Any, saved: Path) -> None:
        assert "toy (a name per line); default: table" in run("report", "--help")[1]
        code, _, err = run("report", saved, "--format", "nope")
        assert code == 2
        assert err.rstrip().endswith("perfetto, dot, svg, toy")
        code, _, err = run("report", saved, "--format", "toy", "--top", 1)
        assert code == 2
        assert "--top is about --format table, plain, markdown, json; toy holds every layer" in err

    def test_what_it_leaves_out_is_said(self, run: Any, saved: Path, monkeypatch: Patch) -> None:
        bare = Format("nothing", lambda profile: "", left_out=lambda p: f"{len(p.layers)} layers")
        monkeypatch.setitem(FORMATS, "bare", bare)  # type: ignore[arg-type]
        code, out, err = run("report", saved, "--format", "bare")
        assert (code, out) == (0, "")
        assert "2 layers" in err


class TestReader:
    @pytest.fixture(autouse=True)
    def pairs(self, monkeypatch: Patch) -> None:
        def parse(text: str, source: str) -> Profile:
            pairs = (line.split("=") for line in text.splitlines()[1:])
            rows = [(Layer(name, nodes=(name,)), float(ms)) for name, ms in pairs]
            return make_table(
                rows, source=source, source_tool="pairs", method=Method(note="by hand")
            )

        row = Reader("a list of pairs", lambda text: text.startswith("pairs\n"), parse)
        monkeypatch.setattr(registry, "READERS", (*registry.READERS, row))

    def test_it_is_compared_with(self, run: Any, saved: Path, tmp_path: Path) -> None:
        (tmp_path / "base.txt").write_text("pairs\na=4\nb=3\n")
        code, out, err = run("compare", tmp_path / "base.txt", saved, "--json")
        assert (code, err) == (0, "")
        rows = json.loads(out)["rows"]
        assert [(row["name"], row["base_ms"], row["new_ms"]) for row in rows] == [
            ("a", 4.0, 1.0),
            ("b", 3.0, 2.0),
        ]
        assert trtcore.load_baseline(tmp_path / "base.txt").source_tool == "pairs"

    def test_help_and_errors_know_it(self, run: Any, saved: Path, tmp_path: Path) -> None:
        assert "the old sample's table or a list of pairs" in run("compare", "--help")[1]
        (tmp_path / "other.txt").write_text("hello\n")
        code, _, err = run("compare", tmp_path / "other.txt", saved)
        assert code == 2
        assert err.rstrip().endswith("the old sample's table or a list of pairs")

    def test_it_takes_no_layer_information(self, run: Any, saved: Path, tmp_path: Path) -> None:
        (tmp_path / "base.txt").write_text("pairs\na=4\nb=3\n")
        (tmp_path / "info.json").write_text('{"Layers": []}')
        base, info = tmp_path / "base.txt", tmp_path / "info.json"
        code, _, err = run("compare", base, saved, "--layer-info", info)
        assert code == 2
        assert "layer information only applies to a trtexec profile" in err


class TestBackend:
    @pytest.fixture(autouse=True)
    def slow_clock(self, monkeypatch: Patch) -> None:
        row = Backend("toy", "Toy Runtime", is_unfused=True, on_cpu=True, clock_step_ms=1.0)
        monkeypatch.setitem(BACKENDS, "toy", row)  # type: ignore[arg-type]

        def timed(*given: Any, **named: Any) -> Any:
            return replace(profile_nodes(*given, **named), backend="toy", runtime="Toy Runtime 1.0")

        monkeypatch.setitem(TIMERS, "toy", NodeTimer(timed))  # type: ignore[arg-type]

    def test_a_comparison_goes_by_its_clock(self) -> None:
        times = np.tile(np.float32([[10.0, 20.0]]), (64, 1))
        layers = [Layer("a", nodes=("a",)), Layer("b", nodes=("b",))]

        def timed_by(backend: str, added: float) -> Profile:
            samples = Samples(times + np.float32([0.0, added]), np.empty(0, np.float32))
            return replace(
                make_profile(layers, times, chain("a", "b"), samples=samples), backend=backend
            )

        def noise(backend: str, added: float) -> dict[str, bool | None]:
            sides = timed_by(backend, 0.0), timed_by(backend, added)
            compared = trtcore.compare_profiles(*sides)
            assert {name for name, *_ in figures(compared)} == {"a", "b"}
            return {row.name: row.is_noise for row in compared.rows}

        assert noise("tensorrt", 1.5) == {"a": True, "b": False}
        assert noise("toy", 1.5) == {"a": True, "b": True}
        assert noise("toy", 2.5) == {"a": True, "b": False}

    def test_it_times_a_baseline(self, run: Any, model: Path, tmp_path: Path) -> None:
        profile = trtcore.profile_baseline(model, "toy", iterations=2)
        assert (profile.backend, profile.timed_by.label) == ("toy", "Toy Runtime")
        assert profile.source_tool == ""
        trtcore.save_profile(profile, tmp_path / "base.json")
        code, out, _ = run("report", tmp_path / "base.json")
        assert code == 0
        assert "host time of a run" in out
        assert "Runtime Toy Runtime 1.0" in out
        assert "Fusion" not in out

    def test_help_and_errors_know_it(self, run: Any, model: Path) -> None:
        assert "auto, onnxruntime, torch, toy, or a FILE" in run("profile", "--help")[1]
        with pytest.raises(OptionError, match=r"must be one of auto, onnxruntime, torch, toy$"):
            trtcore.profile_baseline(model, "nope")


class TestPrecision:
    @pytest.fixture(autouse=True)
    def fp8(self, monkeypatch: Patch) -> Precision:
        """What the two lines of a new precision do: a member of the enum, and its row."""

        def encode(values: Any) -> tuple[bytes, Any]:
            with np.errstate(over="ignore"):
                low = values.astype(ml_dtypes.float8_e4m3fn)
            wide = low.astype(np.float32)
            return low.tobytes(), np.where(np.isnan(wide) & ~np.isnan(values), np.inf, wide)

        member = str.__new__(Precision, "fp8")
        member._name_, member._value_ = "FP8", "fp8"
        monkeypatch.setitem(Precision._member_map_, "FP8", member)
        monkeypatch.setitem(Precision._value2member_map_, "fp8", member)
        monkeypatch.setattr(Precision, "_member_names_", [*Precision._member_names_, "FP8"])
        row = PrecisionFormat(
            "fp8",
            largest=448.0,
            encode=encode,
            needs_newest_schemas=True,
            has_flag=True,
            cpu_problem="ONNX Runtime computes no FP8 on a CPU: use fp16, or a GPU",
        )
        monkeypatch.setitem(PRECISIONS, member, row)  # type: ignore[arg-type]
        return member

    def test_it_is_written_into_the_graph(self, model: Path, fp8: Precision) -> None:
        loaded = trtcore.load_model(model)
        assert own_precision(loaded) is Precision.FP32
        made = apply_precision(loaded, "fp8")
        (weights,) = (t for t in made.proto.graph.initializer if t.name.startswith("w"))
        exact = np.linspace(-3, 3, 16, dtype=np.float32)
        assert weights.data_type == onnx.TensorProto.FLOAT8E4M3FN
        assert weights.raw_data == exact.astype(ml_dtypes.float8_e4m3fn).tobytes()
        # Transpose takes FP8 and Add does not, by ONNX's own schemas.
        assert made.notes[-1].startswith("FP8 written into the graph: 1 nodes compute in it")
        assert {t.type.tensor_type.elem_type for t in made.proto.graph.input} == {
            onnx.TensorProto.FLOAT8E4M3FN
        }

    def test_what_it_cannot_hold_is_an_error(self, model: Path, tmp_path: Path) -> None:
        proto = onnx.load(model)
        large = np.full((4, 4), 1000, np.float32)
        proto.graph.initializer[0].CopyFrom(numpy_helper.from_array(large, "w"))
        onnx.save(proto, tmp_path / "large.onnx")
        with pytest.raises(PrecisionError, match=r"holds 1000, which FP8 \(at most 448\) cannot"):
            apply_precision(trtcore.load_model(tmp_path / "large.onnx"), "fp8")

    def test_an_engine_is_held_to_it(self) -> None:
        layers = [
            Layer(name, outputs=(TensorInfo("t", (1,), dtype),))
            for name, dtype in (("a", "FP8"), ("b", "FP8"), ("c", "Half"))
        ]
        found = check_precision(layers, "fp8")
        assert (found.verdict, found.dtypes) == (PrecisionVerdict.MET, {"FP8": 2, "Half": 1})
        assert precision_line(found).startswith("requested fp8: 2 of 3 layers FP8, 1 Half")

    def test_the_command_line_knows_it(self, run: Any, model: Path) -> None:
        _, out, _ = run("profile", "--help")
        assert "fp32, tf32, fp16, half2, bf16, fp8; default" in out
        assert "--fp8 short for --precision fp8" in out
        assert "of inputs and outputs: fp32, fp16, bf16, fp8" in out
        code, _, err = run("profile", model, "--precision", "nope")
        assert code == 2
        assert "must be one of fp32, tf32, fp16, half2, bf16, fp8" in err
        code, _, err = run("profile", model, "--fp8", "--bf16")
        assert code == 2
        assert "contradict each other" in err
        code, _, err = run("profile", model, "--fp8", "--backend", "onnxruntime")
        assert code == 2
        assert "ONNX Runtime computes no FP8 on a CPU: use fp16, or a GPU" in err
