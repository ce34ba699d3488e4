"""Reads and writes ONNX files, and lists the nodes, inputs and outputs of a graph."""

from __future__ import annotations

import ast
import contextlib
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError, EncodeError
from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto

from trtcore.errors import ModelError
from trtcore.models.model import Model
from trtcore.models.onnx.bodies import misfit_body
from trtcore.models.onnx.complete import complete_graph, without_functions
from trtcore.models.onnx.external import external_tensors, load_external_data
from trtcore.models.onnx.tensors import misfit
from trtcore.models.onnx.texts import broken_text
from trtcore.models.onnx.walk import walk_nodes
from trtcore.models.onnx.weights import (
    INLINE_BYTES,
    weight_bytes,
    with_weights_as_inputs,
    write_with_external_weights,
)
from trtcore.models.onnx.workload.count import count_work
from trtcore.result.records.layers import ModelNode, TensorInfo
from trtcore.result.types.dtypes import ONNX_TYPES
from trtcore.system.files import check_readable, check_writable, write_file
from trtcore.system.quotations import quoting

ONNX_DOMAINS = ("", "ai.onnx")
_PLUGIN_DOMAIN = "trtcore.plugin"
# Two copies of so much are not worth a way of their own.
_CHECKED_WHOLE_BYTES = 32_000_000
# Some 20 names of 100 characters each, several times over.
_MOST_SCOPE_CHARACTERS = 20_000
_STATES_OPSET = 3  # the first IR version whose files name the operator set they are written in
_SCOPES = "pkg.torch.onnx.name_scopes"


def load_onnx(path: str | Path, *, allow_external: bool = False) -> Model:
    """Reads an ONNX file with its external data, checks it and names its unnamed nodes.

    Args:
        path: the file.
        allow_external: read external data outside the file's folder too.

    Raises:
        ModelError: missing, a directory, empty, truncated, not ONNX, or not a valid graph.
    """
    path = check_readable(path, ModelError)
    try:
        proto = ModelProto.FromString(path.read_bytes())
    except DecodeError:
        raise ModelError(f"{path}: not an ONNX model, or truncated") from None
    _check_form(proto, path)
    load_external_data(proto, path, may_leave=allow_external)
    return _checked(proto, path.stem, str(path), path)


def from_proto(proto: ModelProto, name: str = "") -> Model:
    """Makes a model of a graph in memory: it is copied, checked, its nodes named.

    Raises:
        ModelError: not a valid graph.
    """
    # A checker or a runtime would look for it in the folder that the process happens to be in.
    if tensor := next(external_tensors(proto), None):
        raise ModelError(
            f"the model: the values of '{tensor.name[:200]}' are in another file, and a graph in "
            "memory has no folder: give its path, or load them (onnx.load does)"
        )
    _check_form(proto, None)
    own = ModelProto()
    own.CopyFrom(proto)
    return _checked(own, name or own.graph.name or "model", "memory", None)


def _checked(proto: ModelProto, name: str, source: str, path: Path | None) -> Model:
    """A model of a graph that nobody else has, made complete and checked."""
    notes = complete_graph(proto, name)
    proto = without_functions(proto)
    notes += (*name_nodes(proto), *_check(proto, path))
    return Model(name, proto, source, notes=notes)


def save_onnx(model: Model, path: str | Path) -> None:
    """Writes the graph; above 2 GB the weights go into ``<path>.data`` beside it.

    Raises:
        ResultError: the path cannot be written.
    """
    path = check_writable(path)
    if weight_bytes(model.proto) <= INLINE_BYTES:
        write_file(path, serialized(model))
        return
    write_with_external_weights(model.proto, path)


def serialized(model: Model) -> bytes:
    """The graph as one message, for parsers that read from memory.

    Raises:
        ModelError: more than 2 GB, which one message cannot hold: use `on_disk`.
    """
    try:
        return bytes(model.proto.SerializeToString())
    except (EncodeError, ValueError):
        raise ModelError(
            f"{model.name}: more than 2 GB, which one ONNX message cannot hold"
        ) from None


@contextlib.contextmanager
def on_disk(model: Model) -> Iterator[Path]:
    """Writes the graph to a temporary folder for parsers that read files; any size."""
    with tempfile.TemporaryDirectory(prefix="trtcore-") as folder:
        path = Path(folder, "model.onnx")
        save_onnx(model, path)
        yield path


def fits_in_memory(model: Model) -> bool:
    """Whether `serialized` can hold the graph; else parse it from `on_disk`."""
    return weight_bytes(model.proto) <= INLINE_BYTES


def model_nodes(model: Model, *, with_work: bool = True) -> tuple[ModelNode, ...]:
    """The nodes in graph order; those of a control-flow body follow the node that holds it.

    Args:
        model: the model.
        with_work: count the work of each, which needs all shapes: a second for thousands of nodes.
    """
    graph = model.proto.graph
    counted = count_work(model.proto) if with_work else ((n, None) for n in walk_nodes(graph))
    return tuple(
        ModelNode(
            node.name,
            node.op_type,
            tuple(node.input),
            tuple(node.output),
            exported_module(node),
            work,
        )
        for node, work in counted
    )


def exported_module(node: NodeProto) -> str:
    """The path of the PyTorch module a node comes from; ``""`` where none is recorded.

    Source: `torch.onnx.export(dynamo=True)` records the names of the modules around a node, each
    with those before it, and last the node's own: ``['', 'layer1', 'layer1.0', 'conv2d_3']``.
    """
    recorded = (entry.value for entry in node.metadata_props if entry.key == _SCOPES)
    text = next(recorded, "[]")
    # Python's parser may crash on a text that is nested deeply enough.
    if len(text) > _MOST_SCOPE_CHARACTERS:
        return ""
    try:
        names = ast.literal_eval(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ""
    if not isinstance(names, list):
        return ""
    return "/".join(name for name in names[:-1] if isinstance(name, str) and name)


def model_inputs(model: Model) -> tuple[TensorInfo, ...]:
    """The inputs to feed: name, shape (-1 where dynamic) and NumPy dtype name."""
    return tuple(tensor_info(value) for value in graph_inputs(model.proto.graph))


def model_outputs(model: Model) -> tuple[TensorInfo, ...]:
    """The outputs: name, shape (-1 where dynamic) and NumPy dtype name."""
    return tuple(tensor_info(value) for value in model.proto.graph.output)


def graph_inputs(graph: GraphProto) -> list[ValueInfoProto]:
    """Graph inputs that have to be fed; old files list their initializers among them too."""
    initialized = {tensor.name for tensor in graph.initializer}
    initialized |= {tensor.values.name for tensor in graph.sparse_initializer}
    return [value for value in graph.input if value.name not in initialized]


def tensor_info(value: ValueInfoProto) -> TensorInfo:
    """Name, shape (-1 where dynamic; empty if unknown) and NumPy dtype name of a value."""
    tensor = value.type.tensor_type
    dims = (dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim)
    return TensorInfo(value.name, tuple(dims), dtype_name(tensor.elem_type))


def opset_version(proto: ModelProto) -> int:
    """Version of the ONNX operator set the graph is written in."""
    # A file that states no operator set is from before there were any: version 1.
    versions = (opset.version for opset in proto.opset_import if opset.domain in ONNX_DOMAINS)
    return next(versions, 1)


def dtype_name(elem_type: int) -> str:
    """NumPy's name of an ONNX element type, such as ``float16``; ONNX's own where it has none."""
    if elem_type in ONNX_TYPES:
        return ONNX_TYPES[elem_type].name
    try:
        return str(onnx.helper.tensor_dtype_to_np_dtype(elem_type).name)
    except KeyError:
        return "undefined"


def spaced(problem: Exception) -> str:
    """An exception's text as one line."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return " ".join(lines) or type(problem).__name__


def _check_form(proto: ModelProto, path: Path | None) -> None:
    """Refuses what the checker takes for granted."""
    where = path or "the model"
    if text := broken_text(proto):
        raise ModelError(f"{where}: not a valid ONNX model: the text {text} is not UTF-8")
    if (version := opset_version(proto)) < 1:
        raise ModelError(f"{where}: not a valid ONNX model: its operator set is {version}")
    # The checker finds it only where no node of ONNX's is taken for a plugin.
    is_stated = any(opset.domain in ONNX_DOMAINS for opset in proto.opset_import)
    is_needed = any(node.domain in ONNX_DOMAINS for node in walk_nodes(proto.graph))
    if proto.ir_version >= _STATES_OPSET and is_needed and not is_stated:
        raise ModelError(f"{where}: not a valid ONNX model: it states no operator set")


def _check(proto: ModelProto, path: Path | None) -> tuple[str, ...]:
    """Runs onnx.checker; operators unknown to ONNX are noted, as they may be plugins."""
    where = path or "the model"
    if not proto.graph.node:
        raise ModelError(f"{where}: holds no nodes, so there is nothing to profile")
    if wrong := misfit(proto) or misfit_body(walk_nodes(proto.graph)):
        raise ModelError(f"{where}: {wrong}")
    plugins = _plugin_nodes(proto)
    # The checker accepts any operator in a domain it does not know, and in ONNX's own only standard
    # ones: plugins change their domain while it runs.
    for node in plugins:
        node.domain = _PLUGIN_DOMAIN
    if plugins:
        proto.opset_import.add(domain=_PLUGIN_DOMAIN, version=1)
    try:
        _run_checker(proto)
    except (onnx.checker.ValidationError, ValueError, TypeError) as problem:
        start = f"{where}: not a valid ONNX model: "
        raise quoting(ModelError, start, spaced(problem)) from None
    finally:
        for node in plugins:
            node.domain = ""
        if plugins:
            proto.opset_import.pop()
    return tuple(
        f"node '{node.name}': {node.op_type} is not an ONNX operator, assumed to be a plugin"
        for node in plugins
    )


def _run_checker(proto: ModelProto) -> None:
    """Checks a graph; a large one without its weights, and those one by one.

    The checker writes out what it checks and reads it in again: two more copies of all weights.
    """
    if weight_bytes(proto) > _CHECKED_WHOLE_BYTES:
        for tensor in proto.graph.initializer:
            onnx.checker.check_tensor(tensor)
        proto = with_weights_as_inputs(proto)
    with _with_shapes(proto):
        onnx.checker.check_model(proto)


@contextlib.contextmanager
def _with_shapes(proto: ModelProto) -> Iterator[None]:
    """Lets inputs and outputs without a shape pass the checker: the runtimes read them."""
    values = (*proto.graph.input, *proto.graph.output)
    types = [value.type.tensor_type for value in values]
    shapeless = [kind for kind in types if kind.elem_type and not kind.HasField("shape")]
    for kind in shapeless:
        kind.shape.SetInParent()
    try:
        yield
    finally:
        for kind in shapeless:
            kind.ClearField("shape")


def _plugin_nodes(proto: ModelProto) -> list[NodeProto]:
    """Nodes of the ONNX domain that ONNX does not define, as TensorRT plugins often are."""
    version = opset_version(proto)
    local = {function.name for function in proto.functions}
    return [
        node
        for node in walk_nodes(proto.graph)
        if node.domain in ONNX_DOMAINS
        and node.op_type not in local
        and not onnx.defs.has(node.op_type, version)
    ]


def name_nodes(proto: ModelProto) -> tuple[str, ...]:
    """Gives every node a name of its own: ``<op>_<index>`` where it has none, ``<name>_2`` ..."""
    nodes = list(walk_nodes(proto.graph))
    # All names of the file first: a generated name must not take one that comes later.
    taken = {node.name for node in nodes}
    seen: set[str] = set()
    unnamed = repeated = 0
    for index, node in enumerate(nodes):
        if not node.name:
            unnamed += 1
            node.name = _free_name(f"{node.op_type}_{index}", taken)
        elif node.name in seen:
            repeated += 1
            node.name = _free_name(node.name, taken)
        seen.add(node.name)
    notes = []
    if unnamed:
        notes.append(f"{unnamed} of {len(nodes)} nodes are unnamed: named <op>_<index>")
    if repeated:
        notes.append(f"{repeated} of {len(nodes)} nodes repeat a name: a number was appended")
    return tuple(notes)


def _free_name(wanted: str, taken: set[str]) -> str:
    numbered = (f"{wanted}_{number}" for number in itertools.count(2))
    name = next(name for name in itertools.chain([wanted], numbered) if name not in taken)
    taken.add(name)
    return name
