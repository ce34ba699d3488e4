"""Changes to a graph that let another batch through than the one it was exported with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from trtcore.models.onnx.batch_values import Known
from trtcore.models.onnx.graph_editor import Editor


@dataclass(frozen=True)
class Retarget:
    """Constant integers (a shape, sizes, ends) in the place of those that a node reads.

    Attributes:
        node: its name.
        index: which of its inputs they are; -1 for an attribute, of old operator sets.
        attribute: its name, for an attribute.
        values: the new ones.
        was: the old batch and the new one, for the note.
    """

    node: str
    index: int
    values: tuple[int, ...]
    was: tuple[int, int]
    attribute: str = ""

    @property
    def note(self) -> str:
        """What was changed, as one line."""
        return (
            f"node '{self.node}' has a hard-coded batch of {self.was[0]}: changed to {self.was[1]}"
        )

    def known(self, value: Known) -> Known:
        """What the node reads then."""
        new = np.array(self.values, np.int64)
        return replace(value, new=new.shape, new_values=new)

    def attributed(self, node: NodeProto) -> NodeProto:
        """The node with its attribute changed, if it is one."""
        if not self.attribute:
            return node
        changed = NodeProto()
        changed.CopyFrom(node)
        kept = [one for one in node.attribute if one.name != self.attribute]
        changed.ClearField("attribute")
        changed.attribute.extend([*kept, helper.make_attribute(self.attribute, list(self.values))])
        return changed

    def apply(self, editor: Editor) -> None:
        """Changes the graph in place."""
        holder, place = editor.place_of(self.node)
        node = holder.node[place]
        if self.attribute:
            node.CopyFrom(self.attributed(node))
            return
        name = editor.free_name(f"{node.output[0]}__{self.index}_batch")
        editor.put_constant(numpy_helper.from_array(np.array(self.values, np.int64), name))
        node.input[self.index] = name


@dataclass(frozen=True)
class Repeat:
    """A value of the old batch made one of the new batch before a node reads it.

    Its items are taken in turn, as often as it needs: one class token for every image.

    Attributes:
        node: the reader's name.
        index: which of its inputs the value is.
        axis: of the batch.
        lengths: of that axis, at the old batch and at the new one.
        outer: how many parts of that axis are repeated each for itself.
    """

    node: str
    index: int
    axis: int
    lengths: tuple[int, int]
    outer: int = 1

    @property
    def note(self) -> str:
        """What was changed, as one line."""
        was, now = self.lengths
        return (
            f"node '{self.node}' reads a value of the old batch as input {self.index}: "
            f"{'cut' if now < was else 'repeated'}, {was} to {now}"
        )

    def known(self, value: Known) -> Known:
        """What the node reads then."""
        shape = list(value.new or ())
        shape[self.axis] = self.lengths[1]
        return replace(value, new=tuple(shape), new_values=None)

    def attributed(self, node: NodeProto) -> NodeProto:
        """The node as it is."""
        return node

    def apply(self, editor: Editor) -> None:
        """Changes the graph in place."""
        holder, place = editor.place_of(self.node)
        node = holder.node[place]
        name = node.input[self.index]
        new = editor.free_name(f"{name}__batch")
        was, now = (length // self.outer for length in self.lengths)
        parts = was * np.arange(self.outer, dtype=np.int64)
        items = (parts[:, None] + np.arange(now) % was).ravel()
        constants = (one for scope in editor.graphs for one in scope.initializer)
        tensor = next((one for one in constants if one.name == name), None)
        if tensor is not None:
            values = np.take(numpy_helper.to_array(tensor), items, axis=self.axis)
            editor.put_constant(numpy_helper.from_array(values, new))
        else:
            indices = numpy_helper.from_array(items, f"{new}__items")
            editor.put_constant(indices)
            reads = [name, indices.name]
            gather = helper.make_node("Gather", reads, [new], name=new, axis=self.axis)
            editor.insert(holder, place, gather)
            node = holder.node[place + 1]
        node.input[self.index] = new


@dataclass(frozen=True)
class Extend:
    """A constant that counts the items of the old batch, made to count those of the new one.

    Attributes:
        node: where the batch would be lost without it.
        name: of the constant, or of what is computed of constants.
        was: its values: bodies may have another constant of that name.
        values: the new ones.
        items: how many there are in the new batch.
    """

    node: str
    name: str
    was: NDArray[Any]
    values: NDArray[Any]
    items: int
    index: int = -1

    @property
    def note(self) -> str:
        """What was changed, as one line."""
        return (
            f"node '{self.node}' picks by a constant that counts the old batch: it now counts to "
            f"{self.items}"
        )

    def known(self, value: Known) -> Known:
        """What the node reads then."""
        return value

    def attributed(self, node: NodeProto) -> NodeProto:
        """The node as it is."""
        return node

    def apply(self, editor: Editor) -> None:
        """Changes the graph in place."""
        new = numpy_helper.from_array(self.values, self.name)
        for scope in editor.graphs:
            for tensor in scope.initializer:
                if tensor.name == self.name and self._is(tensor):
                    tensor.CopyFrom(new)
            for node in scope.node:
                if self.name in node.output and self._is(_value(node)):
                    node.CopyFrom(helper.make_node("Constant", [], [self.name], node.name))
                    node.attribute.append(helper.make_attribute("value", new))

    def _is(self, tensor: TensorProto | None) -> bool:
        """Whether a constant is this one; None is a value that is computed of others."""
        return tensor is None or np.array_equal(numpy_helper.to_array(tensor), self.was)


Edit = Retarget | Repeat | Extend


def apply_edits(graph: GraphProto, edits: Sequence[Edit]) -> list[str]:
    """Applies edits in place; returns a note on each kind of them."""
    if not edits:
        return []
    editor = Editor(graph)
    for edit in edits:
        edit.apply(editor)
    kinds: dict[type, list[Edit]] = {}
    for edit in edits:
        kinds.setdefault(type(edit), []).append(edit)
    return [few_notes(alike[0].note, [edit.node for edit in alike]) for alike in kinds.values()]


def few_notes(first: str, nodes: Sequence[str]) -> str:
    """The note on the first of several alike, with how many more there are."""
    more = len(dict.fromkeys(nodes)) - 1
    return f"{first}; {more} more node{'s' if more > 1 else ''} like it" if more else first


def _value(node: NodeProto) -> TensorProto | None:
    """What a Constant holds."""
    is_constant = node.op_type == "Constant"
    return next((one.t for one in node.attribute if is_constant and one.name == "value"), None)
