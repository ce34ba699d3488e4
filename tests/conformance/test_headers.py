"""cpp/abi against headers: NVIDIA's where a developer has them, else ones that stand in for them.

``TRTCORE_TENSORRT_INCLUDE`` is the folder of NVIDIA's ``NvInfer.h``, of any TensorRT 10 or 11 or
TensorRT-RTX. It includes CUDA's headers: those of the nvidia-cuda-runtime wheel are found.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest
from conformance.library import compiler
from conformance.wheels import UnavailableError

HEADERS = Path(__file__).with_name("headers")
CPP = Path(__file__).parents[2] / "cpp"


def compare(folder: Path, program: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Compiles the comparison with the headers of a folder, and runs it."""
    try:
        found = compiler()
    except UnavailableError as why:
        pytest.skip(str(why))
    sources = [str(HEADERS / name) for name in ("ours.cpp", "theirs.cpp")]
    nvidia = Path(sysconfig.get_path("purelib")) / "nvidia"
    system = [f"-isystem{place}" for place in (folder, *nvidia.glob("*/include"))]
    # The classes compared are no plain structs: every compiler of this ABI tells their offsets.
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-invalid-offsetof"]
    command = [found, "-std=c++17", *warnings, f"-I{CPP}", *system, *flags]
    built = subprocess.run(
        [*command, "-o", str(program), *sources], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return subprocess.run([str(program)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("layout", [10, 11])
def test_cpp_abi_is_that_of_headers(layout: int, tmp_path: Path) -> None:
    ran = compare(HEADERS / "stand_in", tmp_path / "compare", f"-DSTAND_IN_LAYOUT={layout}")
    assert (ran.returncode, ran.stdout) == (0, f"layout {layout}\n")


def test_a_method_that_was_put_in_is_told_for_every_slot_behind_it(tmp_path: Path) -> None:
    flags = ("-DSTAND_IN_LAYOUT=11", "-DSTAND_IN_ONE_MORE")
    ran = compare(HEADERS / "stand_in", tmp_path / "compare", *flags)
    assert (ran.returncode, ran.stdout.splitlines()) == (
        1,
        [
            "layout 11",
            "set_enqueue_emits_profile: 18 in the headers, 17 in cpp/abi",
            "get_enqueue_emits_profile: 19 in the headers, 18 in cpp/abi",
            "report_to_profiler: 20 in the headers, 19 in cpp/abi",
            "get_tensor_address: 25 in the headers, 24 in cpp/abi",
            "enqueue_v3: 37 in the headers, 36 in cpp/abi",
            "get_persistent_cache_limit: 39 in the headers, 38 in cpp/abi",
        ],
    )


def test_cpp_abi_is_that_of_nvidias_headers(tmp_path: Path) -> None:
    folder = os.environ.get("TRTCORE_TENSORRT_INCLUDE")
    if not folder:
        pytest.skip("TRTCORE_TENSORRT_INCLUDE is not set: the folder of NVIDIA's NvInfer.h")
    ran = compare(Path(folder), tmp_path / "compare")
    assert ran.returncode == 0, ran.stdout
