"""Bad input: one line that says what, which value and what to do, exit 2, nothing left behind."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import trtcore
from trtcore.errors import EngineLoadError
from trtcore.system.device import gpu_problem

Run = Callable[..., Any]
no_gpu = pytest.mark.skipif(gpu_problem() is None, reason="about machines without a GPU")
needs_rtx = pytest.mark.usefixtures("rtx")


@pytest.fixture
def rtx() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A small model, in a folder of its own."""
    return save_net(tmp_path / "net.onnx")


def save_net(path: Path, op: str = "Relu") -> Path:
    weights = np.ones((4, 3, 3, 3), np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
            helper.make_node(op, ["c"], ["y"], name="block/last"),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 6, 6])],
        [numpy_helper.from_array(weights, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def assert_refused(ran: Any, *words: str, code: int = 2) -> None:
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert ran.err.count("\n") == 1, ran.err
    assert "error: " in ran.err
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err


def test_a_missing_file(run: Run, tmp_path: Path) -> None:
    assert_refused(run("profile", tmp_path / "no.onnx"), "no.onnx: cannot be read (No such file")


def test_an_unknown_model(run: Run) -> None:
    assert_refused(run("profile", "googlenett"), "googlenett: no such file or built-in model")


def test_a_module_called_tensorrt(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorrt.py").write_text("raise RuntimeError('not the one you meant')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    reason = "TensorRT cannot be imported: RuntimeError: not the one you meant; pip install"
    assert_refused(run("profile", "googlenet", "--backend", "tensorrt"), reason)


def test_a_directory(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "net.onnx"
    folder.mkdir()
    assert_refused(run("profile", folder), "is a directory, expected a file")


def test_an_empty_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.touch()
    assert_refused(run("profile", path), "net.onnx: the file is empty")


@pytest.mark.parametrize("keep", [10, 100, 400])
def test_a_truncated_model(run: Run, net: Path, keep: int) -> None:
    net.write_bytes(net.read_bytes()[:keep])
    assert_refused(run("profile", net), "net.onnx: not a")


def test_random_bytes(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    assert_refused(run("profile", path), "net.onnx: not an ONNX model")


@needs_rtx
def test_an_unsupported_op_names_node_and_op(run: Run, tmp_path: Path) -> None:
    path = save_net(tmp_path / "net.onnx", op="MyPlugin")
    words = (
        "node 'block/last' (MyPlugin)",
        "no ONNX operator and no plugin that is loaded: --plugins loads libraries of them",
        "--plugins loads libraries of them",
    )
    assert_refused(run("build", path), *words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--precision", "fp13"], "precision is 'fp13', must be one of fp32, tf32, fp16"),
        (["--backend", "tensort"], "backend is 'tensort', must be one of auto, tensorrt"),
        (["--batch", "0"], "batch is 0, must be 1 or more"),
        (["--batch", "-3"], "batch is -3, must be 1 or more"),
        (["--batch", "many"], "argument --batch: invalid int value: 'many'"),
        (["--iterations", "0"], "iterations is 0, must be 1 or more"),
        (["--workspace", "-1"], "workspace is -1, must be 1 or more"),
        (
            ["--workspace", "99999999999999"],
            "--workspace is 99999999999999, must be 8796093022207 or less",
        ),
        (
            ["--shapes", "x:2x3x8x8", "--batch", "4"],
            "--batch 4 and --shapes x:2x3x8x8 contradict each other: leave one of them out",
        ),
        (["--weights", ""], "--weights belongs to a Caffe model"),
        (
            ["--input", ""],
            "--input is '', must be a path to an .npz or a generator: random, zeros, ",
        ),
        (["--save", ""], "'' names no file to write: its name is empty"),
        (["--seed", "-1"], "seed is -1, must be 0 or more"),
        (["--sync", "never"], "sync is 'never', must be one of enqueue, execute"),
        (["--timing", "clock"], "timing is 'clock', must be one of events, cupti"),
        (["--sort", "name"], "sort is 'name', must be one of order, time"),
        (["--top", "0"], "top is 0, must be 1 or more"),
        (["--group-by", "name"], "--group-by is 'name', must be one of layer, node, block, type"),
        (
            ["--precision-target", "2"],
            "--precision-target is 2.0, expected a fraction between 0 and 1",
        ),
        (["--max-seconds", "0"], "--max-seconds is 0.0, expected a finite time above 0"),
        (["--shapes", "x:1x3x8"], "given as 1x3x8, but the model wants 4 dimensions: 1x3x8x8"),
        (["--shapes", "x:1x5x8x8"], "node 'conv' has 5 input channels, its weights expect 3"),
        (["--shapes", "y:1x3x8x8"], "--shapes names 'y', but the inputs of net are: x 1x3x8x8"),
        (["--shapes", "x=1,3,8,8"], "--shapes 'x=1' is not of the form name:1x3x224x224"),
        (
            ["--shapes", "x:1x3x8x8..2x3x8x8"],
            "--shapes 'x:1x3x8x8..2x3x8x8' is not of the form name:1x3x224x224, or "
            "name:MIN..OPT..MAX for a range",
        ),
        (
            ["--shapes", "x:1x3x8x8..4x3x8x8..2x3x8x8"],
            "--shapes x:1x3x8x8..4x3x8x8..2x3x8x8: dimension 0 is 1, 4 and 2, which is not in the "
            "order min, opt, max",
        ),
        (
            ["--shapes", "x:1x3x8x8..2x3x8x8..4x3x8x8", "--batch", "5"],
            "--batch 5 is outside 1 to 4, the range of 'x'",
        ),
        (["--shapes", "x:0x3x8x8..2x3x8x8..4x3x8x8"], "has a dimension below 1"),
        (["--shapes", "x:1x0x8x8"], "--shapes 'x:1x0x8x8' has a dimension below 1"),
        (["--shapes", "x:1x3x8x8,x:1x3x8x8"], "--shapes names 'x' twice"),
        (["--fp16", "--precision", "bf16"], "--fp16 and --precision bf16 contradict each other"),
        (["--input", "no.npz"], "no.npz: cannot be read (No such file or directory)"),
        (["--weights", "net.caffemodel"], "--weights"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_that_makes_no_sense(run: Run, net: Path, options: list[str], words: str) -> None:
    assert_refused(run("profile", net, *options), words)
    assert list(net.parent.iterdir()) == [net]


def test_an_input_file_that_does_not_fit(run: Run, net: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", x=np.zeros((1, 3, 9, 9), np.float32))
    ran = run("profile", net, "--input", tmp_path / "in.npz", "--backend", "onnxruntime")
    assert_refused(ran, "in.npz", "'x' is 1x3x9x9, the model expects 1x3x8x8")


@pytest.mark.parametrize("option", ["--save", "--csv", "--save-engine"])
def test_an_unwritable_path_is_refused_before_the_work(
    run: Run, net: Path, tmp_path: Path, option: str
) -> None:
    ran = run("profile", net, option, tmp_path / "no" / "out")
    assert_refused(ran, "out: cannot be written (No such file or directory)")
    assert list(tmp_path.iterdir()) == [net]


def test_a_read_only_folder(run: Run, net: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is read-only for root")
    tmp_path.chmod(0o500)
    try:
        assert_refused(run("profile", net, "--save", tmp_path / "out"), "cannot be written")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("suffix", [".plan", ".engine"])
@no_gpu
def test_a_plan_without_a_gpu(run: Run, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"net{suffix}"
    path.write_bytes(b"ftrt" * 100)
    ran = run("profile", path)
    assert_refused(ran, "a plan loads only with TensorRT on a GPU", "no NVIDIA driver")


def test_options_of_the_build_mean_nothing_for_a_plan(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.plan"
    path.write_bytes(b"ftrt" * 100)
    ran = run("profile", path, "--serial", "--workspace", "5", "--output", "x", "--weights", "y")
    words = (
        "error: --weights y (of a Caffe model), --output x (of a Caffe model), --workspace 5 "
        "(scratch memory of an engine's layers) and --serial (an engine without auxiliary streams) "
        "have no effect for a plan, which is built already: leave them out\n"
    )
    assert_refused(ran, words)


def test_a_missing_plan(run: Run, tmp_path: Path) -> None:
    assert_refused(run("profile", tmp_path / "no.plan"), "no.plan: cannot be read")


@no_gpu
@needs_rtx
def test_tensorrt_rtx_by_name_without_a_driver(run: Run, net: Path) -> None:
    ran = run("profile", net, "--backend", "tensorrt_rtx")
    assert_refused(ran, "backend tensorrt_rtx needs a GPU", "no NVIDIA driver", "--backend auto")


@no_gpu
def test_kernel_times_without_a_gpu(run: Run, net: Path) -> None:
    ran = run("profile", net, "--iterations", "2", "--timing", "cupti", "--quiet")
    assert ran.code == 0
    assert (
        "trtcore: warning: --timing (how one engine is timed) has no effect: the model ran "
        "on the CPU\n"
    ) in ran.err


def test_kernel_times_on_the_cpu(run: Run, net: Path) -> None:
    ran = run("profile", net, "--timing", "cupti", "--backend", "onnxruntime")
    words = (
        "error: --timing cupti (how one engine is timed) has no effect with --backend onnxruntime, "
        "which builds no engine: leave it out\n"
    )
    assert_refused(ran, words)


def test_a_backend_that_is_not_installed(run: Run, net: Path) -> None:
    try:
        import tensorrt  # noqa: F401
    except ImportError:
        ran = run("profile", net, "--backend", "tensorrt")
        assert_refused(ran, "TensorRT is not installed; pip install 'trtcore[tensorrt]'")
    else:
        pytest.skip("TensorRT is installed")


def test_no_engine_to_save(run: Run, net: Path, tmp_path: Path) -> None:
    ran = run("profile", net, "--backend", "onnxruntime", "--save-engine", tmp_path / "net.plan")
    words = f"error: --save-engine {tmp_path / 'net.plan'} (the plan of one engine) has no effect"
    assert_refused(ran, words)
    assert list(tmp_path.iterdir()) == [net]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("{", "not a saved trtcore profile, nor any JSON"),
        ('{"schema": "other"}', "not a saved trtcore profile"),
        ("[1, 2]", "not a saved trtcore profile"),
        ("Layer,median_ms\n", "is text, neither a saved result nor a serialized engine"),
        ('name: "net"\nlayer {\n', "is a Caffe prototxt, neither a saved result nor"),
    ],
    ids=str,
)
def test_inspecting_what_is_no_result(run: Run, tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(text)
    assert_refused(run("inspect", path), f"result.json: {words}")


@pytest.mark.parametrize("option", [("--plugins", "nope.so"), ("--backend", "nonsense")])
def test_a_saved_result_needs_nothing_that_a_plan_does(
    run: Run, tmp_path: Path, option: tuple[str, str]
) -> None:
    path = tmp_path / "result.json"
    path.write_text("{}")
    ran = run("inspect", path, *option)
    assert_refused(ran, f"{option[0]} is about a plan, and {path} is a saved result")


def test_an_onnx_model_is_no_plan(run: Run, net: Path) -> None:
    ran = run("inspect", net)
    assert_refused(ran, "net.onnx: is an ONNX model, neither a saved result nor a serialized")
    renamed = net.rename(net.with_suffix(".plan"))
    assert_refused(run("profile", renamed), "net.plan: is an ONNX model, not a serialized engine")
    with pytest.raises(EngineLoadError, match="plan: is empty, not a serialized engine"):
        trtcore.profile_plan(b"")


@pytest.mark.parametrize("command", ["build", "convert"])
def test_a_plan_is_built_already(run: Run, tmp_path: Path, command: str) -> None:
    ran = run(command, "net.plan", "-o", tmp_path / "out")
    assert_refused(ran, "net.plan: is an engine already, not a model: 'trtcore profile net.plan'")


def test_no_command_and_an_unknown_one(run: Run) -> None:
    assert_refused(run(), "the following arguments are required: COMMAND")
    assert_refused(run("profle"), "invalid choice: 'profle'")


def test_debug_shows_the_traceback(run: Run, tmp_path: Path) -> None:
    from trtcore.errors import ModelError

    with pytest.raises(ModelError, match="cannot be read"):
        run("profile", tmp_path / "no.onnx", "--debug")


def test_debug_shows_in_full_what_a_message_quotes(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from trtcore.errors import ModelError

    sizes = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 4, 9, 9]) for n in "xy"]
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], "resize", mode="cubic")
    scales = numpy_helper.from_array(np.array([1, 0.5, 1, 0.5], np.float32), "scales")
    graph = helper.make_graph([node], "g", sizes[:1], sizes[1:], [scales])
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)
    asked = ("profile", path, "--backend", "onnxruntime")
    assert run(*asked).err == (
        "trtcore: error: net: ONNX Runtime: Exception during initialization: ScalesValidation "
        "'Cubic' mode only supports: * 2-D inputs ('Bicubic') or * 4-D inputs with the "
        "corresponding outermost 2 scale values being 1 or the corresponding outermost and "
        "innermost scale values being 1 with antialias attribute or the ...\n"
    )
    with pytest.raises(ModelError) as error:
        run(*asked, "--debug")
    assert error.value.quoted.startswith("[ONNXRuntimeError] : ")
    assert error.value.quoted.endswith("without antialias attribute in the Resize operator")
    assert capsys.readouterr().err == f"trtcore: quoted in full: {error.value.quoted}\n"


def test_what_nobody_foresaw_is_one_line_too(
    run: Run, net: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trtcore.cli.commands.profile

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(trtcore.cli.commands.profile, "profile_model", fail)
    ran = run("profile", net)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "trtcore: unexpected ZeroDivisionError: two lines; --debug shows where\n"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_an_error_without_a_name_is_not_that_of_standard_output(
    run: Run, net: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    import trtcore.cli.commands.profile

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(trtcore.cli.commands.profile, "profile_model", fail)
    ran = run("profile", net)
    assert ran.code == 1
    assert ran.err.startswith(f"trtcore: unexpected OSError: [Errno {number}] ")
    with pytest.raises(OSError, match=rf"\[Errno {number}\]"):
        run("profile", net, "--debug")


def test_a_converted_model_has_one_shape(run: Run, net: Path, tmp_path: Path) -> None:
    ran = run(
        "convert", net, "-o", tmp_path / "out.onnx", "--shapes", "x:1x3x8x8..2x3x8x8..4x3x8x8"
    )
    assert_refused(
        ran,
        "--shapes x:1x3x8x8..2x3x8x8..4x3x8x8: a converted model has one shape for each input, a "
        "range is for build and profile",
    )
    assert not (tmp_path / "out.onnx").exists()
