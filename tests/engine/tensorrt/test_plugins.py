"""Libraries of plugins: loaded once, and a clear word where one cannot be."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import trtcore
from trtcore.engine.tensorrt.bindings import load_bindings
from trtcore.engine.tensorrt.plugins import load_plugins
from trtcore.errors import BackendError, OptionError
from trtcore.models.builtin.chain import convolution_chain

Build = Callable[..., Path]

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

# What REGISTER_TENSORRT_PLUGIN does when a library is loaded: IPluginRegistry::registerCreator.
# Which of its virtual functions that is was found by running TensorRT-RTX 1.7.
REGISTERS_ITSELF = (
    CREATOR[: CREATOR.index('extern "C"')].replace("TrtcoreTest", "ItselfTest")
    + """
extern "C" void*** getPluginRegistry();
struct Registrar {
  Creator creator;
  Registrar() {
    void*** registry = getPluginRegistry();
    using Register = bool (*)(void*, Creator&, char const*);
    reinterpret_cast<Register>((*registry)[8])(registry, creator, "");
  }
};
static Registrar registrar;
"""
)


@pytest.fixture(scope="module")
def build_library(tmp_path_factory: pytest.TempPathFactory) -> Build:
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    folder = tmp_path_factory.mktemp("plugins")

    def build(name: str, source: str, *libraries: str) -> Path:
        path = folder / name
        command = [compiler, "-shared", "-fPIC", "-x", "c++", "-", "-x", "none", *libraries]
        command += ["-o", str(path)]
        subprocess.run(command, input=source, text=True, check=True)
        return path

    return build


def creators() -> list[str]:
    registry = load_bindings("tensorrt_rtx").module.get_plugin_registry()
    return [creator.name for creator in registry.all_creators]


def test_a_library_is_loaded_once(build_library: Build) -> None:
    library = build_library("libgood.so", CREATOR)
    assert "TrtcoreTest" not in creators()
    for _ in range(2):
        plan = trtcore.build_model(convolution_chain(2).proto, plugins=[library])
    assert plan.content
    assert creators().count("TrtcoreTest") == 1


PROGRAM = """
import ctypes, sys
import trtcore
from trtcore.models.builtin.chain import convolution_chain
from trtcore.engine.tensorrt import load_bindings

names = [creator.name for creator in load_bindings("tensorrt_rtx").module.get_plugin_registry()
         .all_creators]
if sys.argv[2:]:
    ctypes.CDLL(sys.argv[1])
for _ in range(2):
    trtcore.build_model(convolution_chain(2).proto, plugins=[sys.argv[1]])
registry = load_bindings("tensorrt_rtx").module.get_plugin_registry()
after = [creator.name for creator in registry.all_creators]
print("ItselfTest" in names, after.count("ItselfTest"))
"""


@pytest.mark.parametrize("name", ["path", "bare", "loaded"])
def test_a_library_that_registers_itself(build_library: Build, name: str) -> None:
    """In a process of its own, as another layout of the registry would end it."""
    import tensorrt_rtx_libs

    folder = Path(next(iter(tensorrt_rtx_libs.__path__)))
    runtime = next(folder.glob("libtensorrt_rtx.so*"))
    library = build_library("libitself.so", REGISTERS_ITSELF, str(runtime))
    given = [library.name] if name == "bare" else [str(library)]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *given, *(["before"] if name == "loaded" else [])],
        env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.returncode) == ("False 1\n", 0), ran.stderr


def test_a_bare_name_that_is_nowhere() -> None:
    words = r"libnowhere\.so: TensorRT-RTX .* plugin library: libnowhere\.so: cannot open shared"
    with pytest.raises(BackendError, match=words):
        trtcore.build_model("googlenet", plugins=["libnowhere.so"])


def test_ctrl_c_while_a_library_is_loaded(
    build_library: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noted that the library is there, before Ctrl-C ends anything."""
    from trtcore.engine.tensorrt import plugins

    bindings = load_bindings("tensorrt_rtx")
    library = build_library("libheld.so", CREATOR.replace("TrtcoreTest", "HeldTest"))
    load = plugins._load

    def interrupted(*given: Any) -> str:
        signal.raise_signal(signal.SIGINT)
        return load(*given)

    monkeypatch.setattr(plugins, "_load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plugins.load_plugins(bindings, [library])
    monkeypatch.undo()
    plugins.load_plugins(bindings, [library])
    assert creators().count("HeldTest") == 1


def test_standard_plugins_are_registered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorrt_rtx

    given: list[tuple[Any, str]] = []
    monkeypatch.setattr(
        tensorrt_rtx, "init_libnvinfer_plugins", lambda *call: given.append(call) or True
    )
    monkeypatch.setattr("trtcore.engine.tensorrt.plugins._STANDARD_LOGGERS", [])
    rtx = load_bindings("tensorrt_rtx")
    load_plugins(rtx, [])
    assert given == [], "TensorRT-RTX has none"
    for _ in range(2):
        load_plugins(replace(rtx, name="tensorrt"), [])
    assert given == [(rtx.logger, "")]
    monkeypatch.delattr(tensorrt_rtx, "init_libnvinfer_plugins")
    monkeypatch.setattr("trtcore.engine.tensorrt.plugins._STANDARD_LOGGERS", [])
    load_plugins(replace(rtx, name="tensorrt"), [])


def test_libraries_that_cannot_be_loaded(build_library: Build, tmp_path: Path) -> None:
    empty = build_library("libempty.so", "int nothing;")
    words = (
        r"libempty\.so: TensorRT-RTX .* plugin library: it exports no getCreators and registered"
    )
    with pytest.raises(BackendError, match=words):
        trtcore.build_model("googlenet", plugins=[empty])
    text = tmp_path / "text.so"
    text.write_text("no library")
    with pytest.raises(BackendError, match=r"text\.so: .* plugin library: .*too short"):
        trtcore.build_model("googlenet", plugins=[text])
    with pytest.raises(OptionError, match=r"no\.so: cannot be read .No such file"):
        trtcore.build_model("googlenet", plugins=[tmp_path / "no.so"])


def test_onnx_runtime_loads_none() -> None:
    with pytest.raises(OptionError) as error:
        trtcore.profile_model("googlenet", backend="onnxruntime", plugins=["a.so"])
    assert str(error.value) == (
        "plugins=['a.so'] (libraries that TensorRT loads) has no effect with "
        "backend='onnxruntime', which builds no engine: leave it out"
    )


def test_a_baseline_loads_none() -> None:
    with pytest.raises(OptionError) as error:
        trtcore.profile_baseline("googlenet", "onnxruntime", plugins=["a.so"])
    assert str(error.value) == (
        "plugins=['a.so'] (libraries that TensorRT loads) has no effect for a baseline, which "
        "times the model un-fused: leave it out"
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
