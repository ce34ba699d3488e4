"""Libraries of plugins: loaded once, and a clear word where one cannot be."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trtcore
from trtcore.backends.tensorrt import load_bindings
from trtcore.errors import BackendError, OptionError

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")

# A creator as TensorRT's header lays IPluginCreatorV3One out. Source: NvInferRuntimeBase.h (10.x).
CREATOR = """
#include <cstdint>
struct Info { char const* kind; int32_t major; int32_t minor; };
struct Fields { int32_t count; void const* fields; };
struct Creator {
  virtual int32_t language() const noexcept { return 0; }
  virtual Info info() const noexcept { return {"PLUGIN CREATOR_V3ONE", 1, 0}; }
  virtual ~Creator() noexcept = default;
  virtual void* create(char const*, Fields const*, int32_t) noexcept { return nullptr; }
  virtual Fields const* fields() noexcept { static Fields none{0, nullptr}; return &none; }
  virtual char const* name() const noexcept { return "TrtcoreTest"; }
  virtual char const* version() const noexcept { return "1"; }
  virtual char const* space() const noexcept { return ""; }
};
extern "C" void setLoggerFinder(void*) {}
extern "C" Creator* const* getCreators(int32_t& count) {
  static Creator one;
  static Creator* all[] = {&one};
  count = 1;
  return all;
}
"""


@pytest.fixture(scope="module")
def build_library(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    folder = tmp_path_factory.mktemp("plugins")

    def build(name: str, source: str) -> Path:
        path = folder / name
        command = [compiler, "-shared", "-fPIC", "-x", "c++", "-", "-o", str(path)]
        subprocess.run(command, input=source, text=True, check=True)
        return path

    return build


def creators() -> list[str]:
    registry = load_bindings("tensorrt_rtx").module.get_plugin_registry()
    return [creator.name for creator in registry.all_creators]


def test_a_library_is_loaded_once(build_library: Callable[[str, str], Path]) -> None:
    library = build_library("libgood.so", CREATOR)
    assert "TrtcoreTest" not in creators()
    for _ in range(2):
        plan = trtcore.build_model("googlenet", batch=1, plugins=[library])
    assert plan.content
    assert creators().count("TrtcoreTest") == 1


def test_libraries_that_cannot_be_loaded(
    build_library: Callable[[str, str], Path], tmp_path: Path
) -> None:
    empty = build_library("libempty.so", "int nothing;")
    with pytest.raises(BackendError, match=r"libempty\.so: TensorRT-RTX .* cannot load it as a"):
        trtcore.build_model("googlenet", plugins=[empty])
    text = tmp_path / "text.so"
    text.write_text("no library")
    with pytest.raises(BackendError, match=r"text\.so: .* library of plugins: .*too short"):
        trtcore.build_model("googlenet", plugins=[text])
    with pytest.raises(OptionError, match=r"no\.so: cannot be read .No such file"):
        trtcore.build_model("googlenet", plugins=[tmp_path / "no.so"])


def test_onnx_runtime_loads_none() -> None:
    with pytest.raises(BackendError) as error:
        trtcore.profile_model("googlenet", backend="onnxruntime", plugins=["a.so"])
    assert str(error.value) == (
        "--plugins a.so is loaded by TensorRT, and backend onnxruntime has none"
    )


def test_a_baseline_loads_none() -> None:
    with pytest.raises(BackendError) as error:
        trtcore.profile_baseline("googlenet", "onnxruntime", plugins=["a.so"])
    assert str(error.value) == (
        "--plugins a.so is loaded by TensorRT: a baseline is timed without it"
    )


def test_one_path_is_no_list() -> None:
    with pytest.raises(OptionError, match=r"plugins is 'a.so', expected a list of paths"):
        trtcore.inspect_plan(b"ftrt", plugins="a.so")
    with pytest.raises(OptionError, match=r"plugins is 'a.so', expected a list of paths"):
        trtcore.build_model("googlenet", plugins="a.so")


@pytest.mark.parametrize("command", ["profile", "build"])
def test_the_command_line_hands_them_on(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from trtcore.cli import main

    given: list[Any] = [command, "googlenet", "--plugins", tmp_path / "no.so"]
    assert main([str(word) for word in given]) == 2
    assert "no.so: cannot be read (No such file or directory)" in capsys.readouterr().err
