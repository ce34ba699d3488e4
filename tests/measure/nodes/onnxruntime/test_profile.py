"""The un-fused model on the CPU, with the real ONNX Runtime."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest
from onnx import TensorProto, helper
from paths import LIGHT
from words import texts

from trtcore.errors import ModelError, OptionError, RunError
from trtcore.measure.nodes.onnxruntime.profile import profile_in_turns, profile_nodes, run_model
from trtcore.measure.nodes.onnxruntime.session import physical_cores
from trtcore.measure.nodes.onnxruntime.trace import read_profile
from trtcore.models.model import Model
from trtcore.models.onnx.graph import load_onnx
from trtcore.result.records.layers import TensorInfo
from trtcore.result.records.method import Method, Timer

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


def make_model(nodes, *, inputs=(("x", FLOAT, [2, 3]),), output=FLOAT, weights=(), opset=17):
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info("y", output, None)],
        list(weights),
    )
    opsets = [helper.make_opsetid("", opset)]
    return Model("net", helper.make_model(graph, opset_imports=opsets, ir_version=9), "memory")


def node(op, inputs, output, name, **attributes):
    return helper.make_node(op, inputs, [output], name=name, **attributes)


def relu_model():
    return make_model([node("Relu", ["x"], "a", "first"), node("Exp", ["a"], "y", "second")])


X = np.array([[-1, 0, 1], [2, -3, 0.5]], dtype=np.float32)


class TestRunModel:
    def test_outputs_by_name(self):
        outputs = run_model(relu_model(), {"x": X}, threads=1)
        assert list(outputs) == ["y"]
        np.testing.assert_allclose(outputs["y"], np.exp(np.maximum(X, 0)), rtol=1e-6)

    def test_model_is_left_as_it_was(self):
        model = relu_model()
        before = model.proto.SerializeToString()
        profile_nodes(model, {"x": X}, iterations=1, threads=1)
        assert model.proto.SerializeToString() == before


class TestProfileNodes:
    def test_googlenet_rows_are_the_nodes_of_the_model(self):
        model = load_onnx(LIGHT / "light_inception_v1.onnx")
        data = np.random.default_rng(0).standard_normal((1, 3, 224, 224), dtype=np.float32)
        run = profile_nodes(model, {"data_0": data}, iterations=3, threads=1)
        nodes = model.proto.graph.node
        assert sorted(layer.name for layer in run.layers) == sorted(n.name for n in nodes)
        assert all(layer.nodes == (layer.name,) for layer in run.layers)
        assert run.samples.layer_ms.shape == (3, len(nodes))
        assert run.samples.layer_ms.dtype == np.float32
        assert run.samples.wall_ms.shape == run.samples.profiled_wall_ms.shape == (3,)
        total, wall = run.samples.layer_ms.sum(axis=1), run.samples.profiled_wall_ms
        assert np.all(total <= wall)
        assert np.median(total / wall) > 0.8
        assert run.warnings == ()

    def test_rows_in_execution_order_with_types_and_shapes(self):
        run = profile_nodes(relu_model(), {"x": X}, iterations=2, threads=1)
        first, second = run.layers
        assert (first.name, first.kind, second.name, second.kind) == (
            "first",
            "Relu",
            "second",
            "Exp",
        )
        assert first.inputs == (TensorInfo("x", (2, 3), "Float"),)
        assert second.outputs == (TensorInfo("y", (2, 3), "Float"),)

    def test_counts_and_method_of_fixed_iterations(self):
        run = profile_nodes(relu_model(), {"x": X}, iterations=7, threads=1)
        assert (run.counts.asked, run.counts.warmed_up, run.counts.measured) == (7, 4, 7)
        assert not run.counts.interrupted
        assert run.method == Method(Timer.ONNXRUNTIME, threads=1)

    def test_as_many_as_fit(self):
        run = profile_nodes(relu_model(), {"x": X}, iterations=None, max_seconds=0.05, threads=1)
        assert run.counts.asked == 0
        assert 10 <= run.counts.measured <= 1000
        assert run.method == Method(Timer.ONNXRUNTIME, threads=1, fit_s=0.05, most=1000)

    def test_fewest_and_most(self):
        fewest = profile_nodes(
            relu_model(), {"x": X}, iterations=None, max_seconds=0, min_iterations=12, threads=1
        )
        assert fewest.samples.layer_ms.shape[0] == fewest.samples.wall_ms.size == 12
        most = profile_nodes(relu_model(), {"x": X}, iterations=None, max_seconds=5, threads=1)
        assert most.samples.layer_ms.shape[0] == most.samples.wall_ms.size == 1000

    def test_progress_of_both_passes(self):
        seen = []
        profile_nodes(
            relu_model(), {"x": X}, iterations=2, threads=1, progress=lambda *a: seen.append(a)
        )
        assert seen == [
            ("timing layers", 1, 2),
            ("timing inference", 1, 2),
            ("timing layers", 2, 2),
            ("timing inference", 2, 2),
        ]

    def test_default_threads_are_stated(self):
        run = profile_nodes(relu_model(), {"x": X}, iterations=1)
        assert run.method.threads == physical_cores()
        assert 1 <= physical_cores() <= (os.cpu_count() or 1)


class TestGraphsThatAreNotRunAsTheyStand:
    def test_operator_without_a_kernel_is_led_back(self):
        model = make_model(
            [node("HardSwish", ["x"], "a", "swish"), node("Relu", ["a"], "y", "last")]
        )
        run = profile_nodes(model, {"x": X}, iterations=2, threads=1)
        assert [(layer.name, layer.kind, layer.nodes) for layer in run.layers] == [
            ("swish (HardSigmoid)", "HardSigmoid", ("swish",)),
            ("swish (Mul)", "Mul", ("swish",)),
            ("last", "Relu", ("last",)),
        ]
        assert texts(run.warnings) == (
            "ONNX Runtime inserted nodes where it lacks a kernel: 1 HardSigmoid, 1 Mul; each is "
            "listed with the model node it was inserted for",
        )

    def test_casts_around_half_operators_belong_to_their_reader(self):
        weights = helper.make_tensor("w", HALF, [3, 3], np.eye(3, dtype=np.float16).ravel())
        model = make_model(
            [node("Relu", ["x"], "a", "relu"), node("MatMul", ["a", "w"], "y", "mul")],
            inputs=[("x", HALF, [2, 3])],
            output=HALF,
            weights=[weights],
        )
        run = profile_nodes(model, {"x": X.astype(np.float16)}, iterations=2, threads=1)
        casts = {layer.nodes for layer in run.layers if layer.kind == "Cast"}
        assert casts == {("relu",), ("mul",)}
        assert {layer.nodes for layer in run.layers} == {("relu",), ("mul",)}

    def test_nodes_of_bodies_have_rows_of_their_own(self):
        def body(op, name):
            value = helper.make_tensor_value_info(f"{name}_out", FLOAT, None)
            return helper.make_graph([node(op, ["x"], f"{name}_out", name)], name, [], [value])

        model = make_model(
            [
                node(
                    "If", ["c"], "i", "choice", then_branch=body("Relu", "yes"),
                    else_branch=body("Neg", "no"),
                ),
                node("Exp", ["i"], "y", "last"),
            ],
            inputs=[("x", FLOAT, [2, 3]), ("c", TensorProto.BOOL, [])],
        )  # fmt: skip
        run = profile_nodes(model, {"x": X, "c": np.array(True)}, iterations=2, threads=1)
        assert [layer.name for layer in run.layers] == ["choice", "choice/then/yes", "last"]
        assert [layer.nodes for layer in run.layers] == [("choice",), ("yes",), ("last",)]
        assert texts(run.warnings) == (
            "1 of 4 model nodes have no row, because ONNX Runtime did not run them: 1 Neg",
        )

    def test_constants_have_no_row_and_do_not_vanish(self):
        constant = helper.make_tensor("v", FLOAT, [3], [1, 2, 3])
        model = make_model(
            [node("Constant", [], "c", "const", value=constant), node("Add", ["x", "c"], "y", "a")]
        )
        run = profile_nodes(model, {"x": X}, iterations=2, threads=1)
        assert [layer.name for layer in run.layers] == ["a"]
        assert texts(run.warnings) == (
            "1 of 2 model nodes have no row, because ONNX Runtime did not run them: 1 Constant",
        )

    def test_names_that_would_break_json(self):
        model = make_model([node("Relu", ["x"], "y", 'a "b" \\ \n[c]')])
        run = profile_nodes(model, {"x": X}, iterations=2, threads=1)
        assert run.layers[0].nodes == ('a "b" \\ \n[c]',)


class TestSeveralModelsInTurns:
    def test_each_has_its_own_rows_and_samples(self):
        other = make_model([node("Exp", ["x"], "y", "only")])
        seen = []
        runs = profile_in_turns(
            [(relu_model(), {"x": X}), (other, {"x": X})],
            labels=["fp32", "fp16"],
            iterations=2,
            threads=1,
            progress=lambda *a: seen.append(a[:2]),
        )
        names = [[layer.name for layer in run.layers] for run in runs]
        assert names == [["first", "second"], ["only"]]
        assert [run.samples.layer_ms.shape for run in runs] == [(2, 2), (2, 1)]
        assert [run.samples.wall_ms.shape for run in runs] == [(2,), (2,)]
        assert seen == [
            (f"timing {what}, {label}", done)
            for done in (1, 2)
            for label in ("fp32", "fp16")
            for what in ("layers", "inference")
        ]

    def test_ctrl_c_before_all_have_something_keeps_nothing(self):
        def stop(phase, done, total):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            profile_in_turns(
                [(relu_model(), {"x": X})] * 2,
                labels=["a", "b"],
                iterations=9,
                threads=1,
                progress=stop,
            )

    def test_time_is_for_each_model(self):
        runs = profile_in_turns(
            [(relu_model(), {"x": X})] * 2,
            labels=["a", "b"],
            iterations=None,
            max_seconds=0.05,
            threads=1,
        )
        assert all((run.method.fit_s, run.method.most) == (0.05, 1000) for run in runs)


class TestInterrupted:
    def test_ctrl_c_keeps_the_iterations_of_both_passes(self):
        def stop(phase, done, total):
            if (phase, done) == ("timing layers", 3):
                raise KeyboardInterrupt

        run = profile_nodes(relu_model(), {"x": X}, iterations=10, threads=1, progress=stop)
        assert run.counts.interrupted
        assert run.counts.measured == 3
        assert run.samples.layer_ms.shape == (3, 2)
        assert run.samples.profiled_wall_ms.shape == (3,)
        assert run.samples.wall_ms.shape == (2,)

    def test_a_real_signal(self):
        started = threading.Event()
        sender = threading.Thread(
            target=lambda: (started.wait(), os.kill(os.getpid(), signal.SIGINT))
        )
        sender.start()
        run = profile_nodes(
            relu_model(),
            {"x": X},
            iterations=50_000,
            threads=1,
            progress=lambda phase, done, total: started.set(),
        )
        sender.join()
        assert run.counts.interrupted
        assert 1 <= run.counts.measured < 50_000
        assert np.all(run.samples.layer_ms >= 0)


class TestBadInput:
    @pytest.mark.parametrize("name", ["iterations", "threads", "min_iterations"])
    @pytest.mark.parametrize("value", [0, -3])
    def test_counts_below_one(self, name, value):
        options = {"iterations": 1, name: value}
        with pytest.raises(OptionError, match=f"{name} is {value}, expected at least 1"):
            profile_nodes(relu_model(), {"x": X}, **options)

    def test_unknown_operator_is_named_with_its_node(self):
        model = make_model([node("Relu", ["x"], "a", "ok"), node("Frobnicate", ["a"], "y", "bad")])
        for action in (run_model, lambda m, x: profile_nodes(m, x, iterations=1)):
            with pytest.raises(ModelError) as caught:
                action(model, {"x": X})
            text = str(caught.value)
            assert "Frobnicate" in text
            assert '"bad"' in text
            assert "trtcore_node" not in text
            assert "\n" not in text

    def test_operator_without_implementation_is_named(self):
        # defined by ONNX, but not implemented for strings
        model = make_model(
            [node("CastLike", ["x", "x"], "a", "ok"), node("StringNormalizer", ["a"], "y", "bad")]
        )
        with pytest.raises(ModelError, match=r"^net: ONNX Runtime: .*bad"):
            profile_nodes(model, {"x": X}, iterations=1)

    @pytest.mark.parametrize(
        ("inputs", "words"),
        [
            ({}, "Required inputs (['x']) are missing"),
            ({"x": X, "z": X}, "Invalid input name: z"),
            ({"x": X[:1]}, "Got: 1 Expected: 2"),
            ({"x": X.astype(np.float64)}, "expected: (tensor(float))"),
        ],
    )
    def test_inputs_that_do_not_fit(self, inputs, words):
        with pytest.raises(ModelError) as caught:
            run_model(relu_model(), inputs)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_node_that_fails_while_running_is_named(self):
        model = make_model(
            [node("Relu", ["x"], "a", "ok"), node("Reshape", ["a", "s"], "y", "bad")],
            weights=[helper.make_tensor("s", TensorProto.INT64, [1], [5])],
        )
        with pytest.raises(ModelError, match=r"node 'bad' \(Reshape\): The input tensor"):
            profile_nodes(model, {"x": X}, iterations=1)


class TestReadProfile:
    def write(self, path, runs):
        lines = []
        for run in runs:
            lines += [
                f'{{"cat" : "Node","dur" :{ms},"name" :"{name}_kernel_time","args" : {{}}}}'
                for name, ms in run
            ]
            lines.append('{"cat" : "Session","dur" :9,"name" :"model_run","args" : {}}')
        path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
        return path

    def test_skips_and_limits_runs(self, tmp_path):
        path = self.write(tmp_path / "p", [[("a", i), ("b", 2 * i)] for i in range(5)])
        times = read_profile(path, skip=1, most=3)
        assert times.names == ("a", "b")
        np.testing.assert_allclose(times.layer_ms, [[1e-3, 2e-3], [2e-3, 4e-3], [3e-3, 6e-3]])

    def test_run_that_was_cut_short_is_left_out(self, tmp_path):
        path = self.write(tmp_path / "p", [[("a", 1)], [("a", 2)]])
        path.write_text(path.read_text().rsplit(",\n", 1)[0] + "\n]\n")
        assert read_profile(path, 0, 9).layer_ms.shape == (1, 1)

    def test_changed_sequence_names_the_run(self, tmp_path):
        path = self.write(tmp_path / "p", [[("a", 1)], [("a", 1)], [("b", 1)]])
        with pytest.raises(RunError, match="run 2 of the profile has other nodes"):
            read_profile(path, 1, 9)

    def test_a_node_has_its_own_time_without_that_of_its_body(self, tmp_path):
        # Nodes of a body end before the one that holds them, and may run several times.
        rounds = [("trtcore_node_1", 3), ("trtcore_node_1", 4), ("trtcore_node_0", 10)]
        path = self.write(tmp_path / "p", [rounds])
        times = read_profile(path, 0, 1, holders=(-1, 0))
        assert times.names == ("trtcore_node_0", "trtcore_node_1")
        np.testing.assert_allclose(times.layer_ms, [[3e-3, 7e-3]])

    def test_nothing_timed(self, tmp_path):
        with pytest.raises(RunError, match="holds no node"):
            read_profile(self.write(tmp_path / "p", [[]]), 0, 1)
