"""Writes a precision into an ONNX graph: weights, types, and casts where two precisions meet."""

from __future__ import annotations

import itertools
from collections import ChainMap, defaultdict
from collections.abc import Mapping

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper

from trtcore.errors import PrecisionError
from trtcore.models.onnx.graph import ONNX_DOMAINS
from trtcore.models.onnx.walk import bodies
from trtcore.models.onnx.weights import without_weights
from trtcore.precision.convert.masks import saturate_masks
from trtcore.precision.convert.nodes import (
    all_names,
    elem_types,
    rename_value,
    round_tensor,
    set_attribute,
    stated_value,
    suffix,
)
from trtcore.precision.convert.overflow import Overflow, overflow_text
from trtcore.precision.convert.plan import (
    AS_IT_IS,
    FLOAT,
    TYPE_ATTRIBUTES,
    TYPED_BY_VALUE,
    NodePlan,
    Rules,
    has_lengths,
    operator_schema,
    plan_node,
)

# Brings Cast into a model of other domains only; the first version with bfloat16.
_CAST_OPSET = 13

_Types = ChainMap[str, int]
_Casts = ChainMap[tuple[str, int], str]


class GraphConverter:
    """Converts one model, bodies of control flow included.

    Args:
        proto: the model; converted in place.
        rules: what is requested.
        large: weights of which the model has only type and shape, by name; they are not changed.

    Attributes:
        lowered: how many nodes compute in the lower precision.
        casts: how many Cast nodes were added.
        stayed: operators that stay in FP32 without a request.
        masks: a note on the mask constants that saturate.
    """

    def __init__(
        self, proto: ModelProto, rules: Rules, large: Mapping[str, TensorProto] | None = None
    ) -> None:
        self.rules = rules
        self.large = large or {}
        self.lowered = 0
        self.casts = 0
        self.stayed: set[str] = set()
        self.masks = ""
        self._proto = proto
        if not any(opset.domain in ONNX_DOMAINS for opset in proto.opset_import):
            proto.opset_import.add(domain="", version=_CAST_OPSET)
        self._taken = all_names(proto.graph)
        self._readers: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._overflows: list[Overflow] = []

    def convert(self) -> None:
        """Converts the graph in place.

        Raises:
            PrecisionError: a constant does not fit into the lower precision.
        """
        graph = self._proto.graph
        self.masks = saturate_masks(self._proto, self.rules, self.large)
        inferred = onnx.shape_inference.infer_shapes(without_weights(self._proto), data_prop=True)
        # Before anything is converted: a constant is rounded once, for all its readers.
        self._note_readers(graph, inferred.graph, ChainMap())
        top = _Level(self, graph, inferred.graph, None)
        for value in graph.input:
            if top.types[value.name] == FLOAT:
                # Old files list initializers among the inputs: those have their type already.
                elem_type = top.actual.setdefault(value.name, self.rules.io)
                value.type.tensor_type.elem_type = elem_type
        top.convert_nodes()
        for output in graph.output:
            if top.types[output.name] == FLOAT:
                top.force_output(output.name, self.rules.io)
                output.type.tensor_type.elem_type = self.rules.io
        top.finish()
        # Collected and not raised at the first: the advice has to be enough for all of them.
        if self._overflows:
            raise PrecisionError(overflow_text(self._overflows, self.rules.low, inferred.graph))

    def free_name(self, wanted: str) -> str:
        """An unused name for a value or a node."""
        numbered = (f"{wanted}_{number}" for number in itertools.count(2))
        name = next(n for n in itertools.chain([wanted], numbered) if n not in self._taken)
        self._taken.add(name)
        return name

    def count(self, node: NodeProto, types: tuple[int, ...]) -> None:
        """Counts a node that computes in the lower precision, notes one that stays."""
        if self.rules.low != FLOAT and self.rules.low in types:
            self.lowered += 1
        elif FLOAT in types and node.name not in self.rules.kept and node.input:
            self.stayed.add(node.op_type)

    def stored(self, tensor: TensorProto, name: str) -> TensorProto:
        """A float32 constant as it will be stored: lower only if all its readers want that."""
        readers = self._readers[name]
        low_readers = [node for node, want in readers if want == self.rules.low != FLOAT]
        if not low_readers:
            return tensor
        rounded, overflow = round_tensor(tensor, self.rules.low)
        if overflow is not None:
            self._overflows.append(Overflow(name, overflow, tuple(low_readers)))
        return rounded if len(low_readers) == len(readers) else tensor

    def _note_readers(self, graph: GraphProto, inferred: GraphProto, outer: _Types) -> None:
        """Notes the readers of each float value, and the type each wants."""
        types = outer.new_child(elem_types(inferred))
        for node, typed in zip(graph.node, inferred.node, strict=True):
            wanted = plan_node(node, types, self.rules).inputs
            for name, want in zip(node.input, wanted, strict=True):
                if want != AS_IT_IS:
                    self._readers[name].append((node.name, want))
            for body, typed_body in zip(bodies(node), bodies(typed), strict=True):
                self._note_readers(body, typed_body, types)


class _Level:
    """One graph in conversion: the types its values had and have now, and its new nodes."""

    def __init__(
        self,
        converter: GraphConverter,
        graph: GraphProto,
        inferred: GraphProto,
        outer: _Level | None,
    ) -> None:
        self.converter = converter
        self.graph = graph
        self.inferred = inferred
        self.nodes: list[NodeProto] = []
        self.types: _Types = ChainMap(elem_types(inferred), *(outer.types.maps if outer else ()))
        # A body sees the values around it; what it defines itself stays in its own map.
        self.actual: _Types = ChainMap({}, *(outer.actual.maps if outer else ()))
        self.casts: _Casts = ChainMap({}, *(outer.casts.maps if outer else ()))
        for tensor in graph.initializer:
            if tensor.data_type == FLOAT:
                whole = tensor if outer else converter.large.get(tensor.name, tensor)
                tensor.CopyFrom(converter.stored(whole, tensor.name))
                self.actual[tensor.name] = tensor.data_type

    def convert_nodes(self) -> None:
        for node, typed in zip(list(self.graph.node), self.inferred.node, strict=True):
            plan = plan_node(node, self.types, self.converter.rules)
            for index, want in enumerate(plan.inputs):
                if want != AS_IT_IS:
                    node.input[index] = self.cast(node.input[index], want)
            if has_lengths(node):
                node.input[0] = self.separated_from_cast(node.input[0])
            for body, typed_body in zip(bodies(node), bodies(typed), strict=True):
                self.convert_body(body, typed_body, plan.bodies)
            written = self.write_outputs(node, plan)
            self.actual.update(zip(node.output, written, strict=True))
            self.converter.count(node, (*plan.inputs, *written))
            self.nodes.append(node)

    def convert_body(self, body: GraphProto, inferred: GraphProto, border: int) -> None:
        """Converts a body; its floats enter and leave it in the type of the border."""
        level = _Level(self.converter, body, inferred, self)
        for value in body.input:
            if level.types[value.name] == FLOAT:
                level.actual[value.name] = border
                value.type.tensor_type.elem_type = border
        level.convert_nodes()
        for output in body.output:
            if level.types[output.name] == FLOAT:
                output.name = level.cast(output.name, border)
                output.type.tensor_type.elem_type = border
        level.finish()

    def write_outputs(self, node: NodeProto, plan: NodePlan) -> tuple[int, ...]:
        """Writes the output type into nodes that state it; returns the types as they are now."""
        low = self.converter.rules.low
        if low == FLOAT or low not in plan.outputs:
            return plan.outputs
        if node.op_type in TYPED_BY_VALUE:
            tensor = self.converter.stored(stated_value(node), node.output[0])
            if tensor.data_type == FLOAT:
                return (FLOAT,)
            set_attribute(node, "value", tensor)
        schema = operator_schema(node, self.converter.rules.opset)
        for name in TYPE_ATTRIBUTES:
            if schema is not None and name in schema.attributes:
                set_attribute(node, name, low)
        return plan.outputs

    def cast(self, name: str, want: int) -> str:
        """The value in the type wanted, through a Cast where it has another."""
        if self.actual.get(name, FLOAT) == want:
            return name
        if (name, want) not in self.casts:
            new = self.converter.free_name(f"{name}_to_{suffix(want)}")
            self.casts[name, want] = new
            self.actual[new] = want
            self._add_cast(name, new, want, new)
        return self.casts[name, want]

    def separated_from_cast(self, name: str) -> str:
        """The value, with an operator that changes nothing behind it if a Cast has made it.

        TensorRT-RTX 1.7.1 moves a Cast into the loop of a recurrent node that has sequence lengths
        and then cannot build it ("Mismatched number of elements in reshape"): it leaves a Max.
        """
        if name not in self.casts.values():
            return name
        new = self.converter.free_name(name)
        self.actual[new] = self.actual[name]
        self.nodes.append(helper.make_node("Max", [name, name], [new], name=new))
        return new

    def force_output(self, name: str, want: int) -> None:
        """Makes a network output have the type wanted and still its name."""
        have = self.actual.get(name, FLOAT)
        if have == want:
            return
        inner = self.converter.free_name(f"{name}_{suffix(have)}")
        for tensor in self.graph.initializer:
            tensor.name = inner if tensor.name == name else tensor.name
        for node in self.nodes:
            rename_value(node, name, inner)
        self._add_cast(inner, name, want, self.converter.free_name(f"{name}_to_{suffix(want)}"))

    def finish(self) -> None:
        """Replaces the nodes of the graph by the new ones."""
        self.graph.ClearField("node")
        self.graph.node.extend(self.nodes)

    def _add_cast(self, value: str, result: str, want: int, node_name: str) -> None:
        self.nodes.append(helper.make_node("Cast", [value], [result], name=node_name, to=want))
        self.converter.casts += 1
