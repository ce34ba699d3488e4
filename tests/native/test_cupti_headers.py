"""Our slice of CUPTI's interface against NVIDIA's own headers, and against its real library."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trtcore.system.device import gpu_problem

ABI = Path(__file__).parents[2] / "cpp" / "abi" / "cupti_abi.hpp"
# The bytes of a kernel record by CUPTI's version, as seen in the headers of these releases.
RECORD_BYTES = {18: 208, 26: 208, 130000: 216, 130001: 216, 130500: 248}

PROGRAM = """
#include <cupti.h>

#include <cstddef>
#include <type_traits>

#include "{abi}"

namespace ours = trtcore::cupti;

static_assert(sizeof(CUptiResult) == sizeof(ours::Result));
static_assert(sizeof(CUpti_ActivityKind) == sizeof(int));
static_assert(sizeof(CUpti_SubscriberHandle) == sizeof(ours::Subscriber));
static_assert(CUPTI_SUCCESS == ours::kSuccess);
static_assert(CUPTI_ERROR_MAX_LIMIT_REACHED == ours::kMaxLimitReached);
static_assert(CUPTI_ACTIVITY_KIND_MEMSET == ours::kMemset);
static_assert(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL == ours::kConcurrentKernel);
static_assert(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED == ours::kFlushForced);
static_assert(ours::is_known_version(CUPTI_API_VERSION));

// Enumerations and handles are other types than our int and void*: what counts is their size.
template <class Theirs, class Ours>
constexpr bool fits = sizeof(Theirs) == sizeof(Ours) &&
                      std::is_pointer_v<Theirs> == std::is_pointer_v<Ours>;

template <class Theirs, class Ours>
struct Same : std::false_type {{}};
template <class... Theirs, class... Ours>
struct Same<CUptiResult (*)(Theirs...), ours::Result (*)(Ours...)>
    : std::bool_constant<sizeof...(Theirs) == sizeof...(Ours) && (fits<Theirs, Ours> && ...)> {{}};
template <class... Theirs, class... Ours>
struct Same<void (*)(Theirs...), void (*)(Ours...)>
    : std::bool_constant<sizeof...(Theirs) == sizeof...(Ours) && (fits<Theirs, Ours> && ...)> {{}};

static_assert(Same<decltype(&cuptiGetVersion), ours::GetVersion>::value);
static_assert(Same<decltype(&cuptiGetResultString), ours::GetResultString>::value);
static_assert(Same<decltype(&cuptiGetTimestamp), ours::GetTimestamp>::value);
static_assert(Same<decltype(&cuptiSubscribe), ours::Subscribe>::value);
static_assert(Same<decltype(&cuptiUnsubscribe), ours::Unsubscribe>::value);
static_assert(Same<decltype(&cuptiActivityRegisterCallbacks), ours::RegisterCallbacks>::value);
static_assert(Same<decltype(&cuptiActivityEnable), ours::EnableActivity>::value);
static_assert(Same<decltype(&cuptiActivityDisable), ours::DisableActivity>::value);
static_assert(Same<decltype(&cuptiActivityFlushAll), ours::FlushAll>::value);
static_assert(Same<decltype(&cuptiActivityGetNextRecord), ours::NextRecord>::value);
static_assert(Same<decltype(&cuptiActivityGetNumDroppedRecords), ours::CountDropped>::value);
static_assert(Same<CUpti_CallbackFunc, ours::Callback>::value);
static_assert(Same<CUpti_BuffersCallbackRequestFunc, ours::RequestBuffer>::value);
static_assert(Same<CUpti_BuffersCallbackCompleteFunc, ours::CompleteBuffer>::value);

template <class Record>
constexpr bool has_our_head() {{
  return offsetof(Record, kind) == offsetof(ours::KernelRecord, kind) &&
         offsetof(Record, start) == offsetof(ours::KernelRecord, start_ns) &&
         offsetof(Record, end) == offsetof(ours::KernelRecord, end_ns) &&
         offsetof(Record, streamId) == offsetof(ours::KernelRecord, stream) &&
         offsetof(Record, correlationId) == offsetof(ours::KernelRecord, correlation) &&
         offsetof(Record, name) == offsetof(ours::KernelRecord, name) &&
         sizeof(Record{{}}.start) == 8 && sizeof(Record{{}}.end) == 8 &&
         sizeof(Record{{}}.streamId) == 4 && sizeof(Record{{}}.correlationId) == 4 &&
         alignof(Record) == 8 && sizeof(Record) >= sizeof(ours::KernelRecord);
}}
template <class Record>
constexpr bool has_our_memset() {{
  return offsetof(Record, kind) == offsetof(ours::MemsetRecord, kind) &&
         offsetof(Record, start) == offsetof(ours::MemsetRecord, start_ns) &&
         offsetof(Record, end) == offsetof(ours::MemsetRecord, end_ns) &&
         offsetof(Record, streamId) == offsetof(ours::MemsetRecord, stream) &&
         offsetof(Record, correlationId) == offsetof(ours::MemsetRecord, correlation) &&
         sizeof(Record{{}}.start) == 8 && sizeof(Record{{}}.end) == 8 &&
         sizeof(Record{{}}.streamId) == 4 && sizeof(Record{{}}.correlationId) == 4 &&
         alignof(Record) == 8 && sizeof(Record) >= sizeof(ours::MemsetRecord);
}}
{records}
static_assert(sizeof({newest}) == {size});
"""


def header_folders() -> list[Path]:
    """Where the wheels of nvidia-cuda-cupti, -runtime and -crt put their headers."""
    spec = importlib.util.find_spec("nvidia")
    roots = [Path(place) for place in spec.submodule_search_locations or []] if spec else []
    return [
        folder
        for root in roots
        for pattern in ("cu*/include", "cuda_cupti/include", "cuda_runtime/include")
        for folder in root.glob(pattern)
    ]


@pytest.fixture(scope="module")
def headers() -> list[Path]:
    folders = header_folders()
    for header in ("cupti.h", "cuda.h", "crt/host_defines.h"):
        if not any((folder / header).exists() for folder in folders):
            pytest.skip(f"no {header}: nvidia-cuda-cupti, -runtime and -crt have the headers")
    return folders


@pytest.fixture(scope="module")
def compiler() -> str:
    found = shutil.which("c++") or shutil.which("g++")
    if found is None:
        pytest.skip("there is no C++ compiler")
    return found


def version_of(folders: list[Path]) -> int:
    (text,) = (p.read_text() for f in folders if (p := f / "cupti_version.h").exists())
    found = re.search(r"^#define CUPTI_API_VERSION (\d+)", text, re.MULTILINE)
    assert found
    return int(found[1])


def structs_of(folders: list[Path], name: str, since: int) -> list[str]:
    """Every struct that a record has had from a number on, oldest first."""
    texts = [p.read_text() for f in folders for p in f.glob("cupti_activity*.h")]
    numbers = {int(n) for text in texts for n in re.findall(rf"}} {name}(\d+);", text)}
    return [f"{name}{n}" for n in sorted(numbers) if n >= since]


def test_our_slice_is_that_of_nvidias_headers(
    headers: list[Path], compiler: str, tmp_path: Path
) -> None:
    # Of CUDA 9.0 and 11.1 on; older ones are not in the headers of all of these releases.
    structs = structs_of(headers, "CUpti_ActivityKernel", 4)
    memsets = structs_of(headers, "CUpti_ActivityMemset", 3)
    assert len(structs) >= 6
    assert len(memsets) >= 2
    checks = [f"static_assert(has_our_head<{name}>());" for name in structs]
    checks += [f"static_assert(has_our_memset<{name}>());" for name in memsets]
    version = version_of(headers)
    source = tmp_path / "conformance.cpp"
    source.write_text(
        PROGRAM.format(
            abi=ABI,
            records="\n".join(checks),
            newest=structs[-1],
            size=RECORD_BYTES.get(version, f"sizeof({structs[-1]})"),
        )
    )
    command = [compiler, "-std=c++17", "-fsyntax-only", *(f"-I{folder}" for folder in headers)]
    ran = subprocess.run([*command, source], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_conformance_program_can_fail(
    headers: list[Path], compiler: str, tmp_path: Path
) -> None:
    abi = tmp_path / "cupti_abi.hpp"
    text = ABI.read_text().replace("unsigned char grid[8];", "unsigned char grid[16];")
    abi.write_text(text.replace("offsetof(KernelRecord, name) == 104", "true"))
    source = tmp_path / "conformance.cpp"
    record = "static_assert(has_our_head<CUpti_ActivityKernel9>());"
    source.write_text(
        PROGRAM.format(abi=abi, records=record, newest="CUpti_ActivityKernel9", size=208)
    )
    command = [compiler, "-std=c++17", "-fsyntax-only", *(f"-I{folder}" for folder in headers)]
    ran = subprocess.run([*command, source], capture_output=True, text=True, check=False)
    assert "static assertion failed" in ran.stderr


@pytest.fixture
def real_library() -> str:
    from trtcore.measure.kernels.cupti import cupti_candidates

    found = [path for path in cupti_candidates() if Path(path).is_file()]
    if not found:
        pytest.skip("no CUPTI is installed: pip install 'trtcore[cupti]'")
    return found[0]


def run_apart(code: str) -> tuple[str, str]:
    """Runs code in a process of its own: what loads a real CUPTI cannot load another one."""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return ran.stdout.strip(), ran.stderr.strip()


def opened_version(library: str) -> int | None:
    """The version of a real library; None where it answers nothing without a driver."""
    code = f"from trtcore.measure import _core\nprint(_core.KernelTrace([{library!r}]).version)"
    version, problem = run_apart(code)
    if version:
        return int(version)
    assert "(999): there may be no GPU driver, or one older than this CUPTI" in problem
    return None


def test_the_real_library_walks_our_records(real_library: str) -> None:
    version = opened_version(real_library)
    if version not in RECORD_BYTES:
        pytest.skip(f"CUPTI version {version} answers nothing, or its records have another size")
    kernels = [(10, f"kernel {i}", 1000 + i, 2000 + i, 7, 40 + i) for i in range(5)]
    code = (
        "import trtcore_fake\n"
        f"print(trtcore_fake.read_records({real_library!r}, {RECORD_BYTES[version]}, {kernels}))"
    )
    assert run_apart(code) == (str((kernels, 0)), "")


@pytest.mark.skipif(gpu_problem() is None, reason="about machines without a GPU")
def test_the_real_library_without_a_gpu_says_why_in_one_line(real_library: str) -> None:
    if opened_version(real_library) is None:
        return
    code = (
        "from trtcore.measure import _core\n"
        f"trace = _core.KernelTrace([{real_library!r}])\n"
        "try:\n    trace.start(1)\nexcept RuntimeError as error:\n    print(error)\n"
    )
    said, _ = run_apart(code)
    assert said.startswith("cuptiSubscribe failed with CUPTI_ERROR_")
    assert "no GPU driver" in said
    assert "\n" not in said
