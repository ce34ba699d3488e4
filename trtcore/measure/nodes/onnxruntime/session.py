"""ONNX Runtime sessions for an unoptimised model, with errors in one line."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
from numpy.typing import NDArray

from trtcore.errors import ModelError, argument
from trtcore.measure.nodes.onnxruntime.graph import TimedGraph, flatten, real_names
from trtcore.measure.nodes.onnxruntime.values import has_stored_types, run_stored
from trtcore.models.model import Model
from trtcore.models.onnx.graph import fits_in_memory, on_disk, opset_version, serialized, spaced
from trtcore.result.records.layers import Layer
from trtcore.system.quotations import quoting

Inputs = Mapping[str, NDArray[Any]]

# Error codes and source positions that ONNX Runtime puts around its messages.
_NOISE = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : ")
_POSITION = re.compile(r"(?:/\S+/)?\w+\.(?:cc|h|hpp|cpp):\d+ ")
# The C++ function that follows a position: a type or two, qualified names, template arguments.
_FUNCTION = re.compile(r"[\w:~<>,&*\[\] ]*?[\w>~]+\(|[\w:<>~]*(?:<lambda)?\(")
# What failed, in words that leave no room for why.
_NODE = re.compile(r"Non-zero status code returned while running (\w+) node\. Name:'([^']*)' ")
_CONDITION = re.compile(r"Status Message: (?:[^.]*? was false\. )?")
_FUTURE = re.compile(r"ONNX Runtime only \*guarantees\* .*?(Opset \d+) is .*?(?=Current official)")
_TEMPLATE = re.compile(r" ?\[with [^\]]*\]")
_QUIET = 4  # ORT_LOGGING_LEVEL_FATAL: its errors reach the user as exceptions
# ONNX Runtime guarantees the operators from this set on; of older ones it has some.
_FIRST_GUARANTEED = 7
_NO_KERNEL = re.compile(
    r"Could not find an implementation|Failed to find kernel|is not supported in|^no Cast"
)
# Before, Cast has the name of its type, and ONNX Runtime writes and reads the number.
_FIRST_TYPED_CAST = 6
_OLD_CAST = re.compile(r", Cast, .*Mismatched attribute type|Op \(Cast\) .*type inference failed")
_UNKNOWN_OPERATOR = "is not a registered function/op"


def physical_cores() -> int:
    """Returns the number of physical cores this process may use, ONNX Runtime's own default."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    return len({_siblings(cpu) for cpu in os.sched_getaffinity(0)})


def open_session(
    model: Model,
    threads: int,
    *,
    layers: tuple[Layer, ...] = (),
    profile_to: Path | None = None,
    save_to: Path | None = None,
) -> Any:
    """Opens a model on the CPU with graph optimisation off.

    Args:
        model: the model.
        threads: threads within an operator.
        layers: those of a timed graph, for the model's node names in errors.
        profile_to: prefix of the profile file to write.
        save_to: file for the graph that ONNX Runtime executes.

    Raises:
        ModelError: ONNX Runtime refuses the model; with the node and operator where it names them.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = threads
    options.log_severity_level = _QUIET
    # Sessions are interleaved: threads of the idle one must not spin on cores of the running one.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if profile_to:
        options.enable_profiling, options.profile_file_prefix = True, str(profile_to)
    if save_to:
        options.optimized_model_filepath = str(save_to)
    try:
        return _load(model, options)
    except Exception as problem:  # its exceptions have no common base
        raise _refused(model, problem, layers) from None


def run_session(
    session: Any, model: Model, inputs: Inputs, layers: tuple[Layer, ...] = ()
) -> list[Any]:
    """Runs once and returns the outputs in their order.

    Raises:
        ModelError: an input is missing or does not fit, or a node failed.
    """
    try:
        run = run_stored if has_stored_types(session) else _run_arrays
        outputs: list[Any] = run(session, inputs)
    except Exception as problem:  # its exceptions have no common base
        raise _refused(model, problem, layers) from None
    return outputs


def _run_arrays(session: Any, inputs: Inputs) -> list[Any]:
    return list(session.run(None, inputs))


def graph_as_run(model: Model, timed: TimedGraph, threads: int) -> TimedGraph:
    """Returns a timed graph in the form in which ONNX Runtime executes it."""
    with tempfile.TemporaryDirectory(prefix="trtcore-") as folder:
        saved = Path(folder, "as_run.onnx")
        open_session(timed.model, threads, layers=timed.layers, save_to=saved)
        return flatten(model, timed, onnx.load(saved))


def _load(model: Model, options: Any) -> Any:
    providers = ["CPUExecutionProvider"]
    if fits_in_memory(model):
        return onnxruntime.InferenceSession(serialized(model), options, providers=providers)
    with on_disk(model) as path:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)


def _refused(model: Model, problem: Exception, layers: tuple[Layer, ...]) -> ModelError:
    said = spaced(problem)
    words = real_names(_reason(said), layers)
    plugin = f"; a plugin of TensorRT runs in an engine only, with {argument('plugins')}"
    way_out = plugin if _UNKNOWN_OPERATOR in words else ""
    if (version := opset_version(model.proto)) < _FIRST_TYPED_CAST and _OLD_CAST.search(words):
        words = f"no Cast of operator set {version}, which every 16-bit graph needs"
    if version < _FIRST_GUARANTEED and _NO_KERNEL.search(words):
        way_out = (
            f"; it has few operators of a set as old as {version}: convert the file with ONNX's "
        )
        way_out += f"version_converter to {_FIRST_GUARANTEED} or later"
    return quoting(ModelError, f"{model.name}: ONNX Runtime: ", words, way_out, whole=said)


def _reason(text: str) -> str:
    """A message without error codes, source positions and the signatures that follow them."""
    text = _NOISE.sub("", text)
    while found := _POSITION.search(text):
        rest = text[found.end() :]
        text = text[: found.start()] + rest[_signature_end(rest) :].lstrip()
    text = _CONDITION.sub("", _NODE.sub(r"node '\2' (\1): ", text), count=1)
    return _FUTURE.sub(r"\1 is newer than it. ", text)


def _signature_end(text: str) -> int:
    """How many characters the signature of a C++ function takes at the start; 0 if none is there.

    Such as ``void onnxruntime::f(const std::vector<int>&, bool) const``.
    """
    head = _FUNCTION.match(text)
    if head is None:
        return 0
    depth = 0
    for index in range(head.end() - 1, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if not depth:
            rest = text[index + 1 :]
            more = len(" const") if rest.startswith(" const ") else 0
            template = _TEMPLATE.match(rest[more:])
            return index + 1 + more + (template.end() if template else 0)
    return 0


def _siblings(cpu: int) -> str:
    """The hardware threads of a CPU's core, as Linux lists them: the same list is the same core."""
    path = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    try:
        return path.read_text()
    except OSError:
        return str(cpu)
