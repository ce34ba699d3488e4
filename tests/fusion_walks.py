"""Checks of what a fusion map says of each node, by walks of its own over nodes and layers."""

from __future__ import annotations

import re
from collections import defaultdict

from trtcore.result.analysis.fusion.groups import FusionMap
from trtcore.result.analysis.fusion.reasons import Reason
from trtcore.result.records.profile import Profile

SHAPE_READERS = {"Shape", "Size"}
SOURCES = {"Constant", "ConstantOfShape", "EyeLike"}
VIEWS = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}
MOVES = {"Cast", "Concat", "Expand", "Gather", "Pad", "Slice", "Split", "Transpose", "Tile"}
PRODUCTS = {"Conv", "Gemm", "MatMul"}
NO_LAYER = MOVES | VIEWS | {"Identity", "Dropout"}
DIRECT = {Reason.NAMED, Reason.IN_RANGE, Reason.BY_TENSORS, Reason.BETWEEN_LAYERS}
PLACED = DIRECT | {Reason.IN_FIRST_READER}


class Walks:
    """The nodes and layers of a profile, by what they read and write."""

    def __init__(self, profile: Profile, fusion: FusionMap) -> None:
        self.layers, self.fusion = profile.layers, fusion
        self.node = {node.name: node for node in profile.model.nodes}
        self.maker = {t: n.name for n in self.node.values() for t in n.outputs if t}
        self.readers = defaultdict(list)
        for node in self.node.values():
            for tensor in node.inputs:
                self.readers[tensor].append(node.name)
        self.inputs = {t.name for t in profile.io if t.mode == "input"}
        self.outputs = {t.name for t in profile.io if t.mode == "output"}
        self.group = {n: i for i, group in enumerate(fusion.groups) for n in group.nodes}
        self.fed = self._forward(self.inputs, through_shapes=True)
        self.fed_by_values = self._forward(self.inputs, through_shapes=False)
        self.needed = self._needed()
        self.named = defaultdict(list)
        for i, layer in enumerate(self.layers):
            for name in layer.nodes:
                self.named[name].append(i)

    def _forward(self, tensors, *, through_shapes: bool) -> set[str]:
        """Nodes that depend on tensors; with or without the ways that go through a shape."""
        found, waiting = set(), list(tensors)
        while waiting:
            for name in self.readers[waiting.pop()]:
                if name not in found and (
                    through_shapes or self.node[name].op not in SHAPE_READERS
                ):
                    found.add(name)
                    waiting += self.node[name].outputs
        return found

    def _needed(self) -> set[str]:
        found, waiting = set(), [self.maker[t] for t in self.outputs if t in self.maker]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [self.maker[t] for t in self.node[name].inputs if t in self.maker]
        return found

    def next(self, name: str, direction: int) -> list[str]:
        node = self.node[name]
        if direction < 0:
            return [self.maker[t] for t in node.inputs if t in self.maker]
        return [reader for t in node.outputs for reader in self.readers[t]]

    def ends(self, name: str, direction: int, stops=frozenset(PLACED)) -> tuple[set[str], set[str]]:
        """Nodes placed for certain reasons, and all that is passed on the way to them."""
        found, passed, waiting = set(), {name}, self.next(name, direction)
        while waiting:
            one = waiting.pop()
            if self.fusion.reasons[one] in stops:
                found.add(one)
            elif one not in passed and one in self.fed_by_values:
                passed.add(one)
                waiting += self.next(one, direction)
        return found, passed

    def check(self, name: str) -> None:
        """Fails if what the map says of a node is not so."""
        reason = self.fusion.reasons[name]
        getattr(self, f"is_{reason.name.lower()}")(name)

    def is_named(self, name: str) -> None:
        where = self.named[name] or [i for i, la in enumerate(self.layers) if name in la.name]
        assert set(where) & set(self.fusion.groups[self.group[name]].layers), name

    def is_between_layers(self, name: str) -> None:
        """A layer of its group has no nodes, and stands behind and before layers that have."""
        layers = self.fusion.groups[self.group[name]].layers
        bare = [i for i in layers if not self.layers[i].nodes]
        assert bare, name
        read = {t.name for i in bare for t in self.layers[i].inputs}
        above, _ = self.ends(name, -1)
        before = {i for node in above for i in self.named[node]}
        assert read & {t.name for i in before for t in self.layers[i].outputs}, name

    def is_inside_group(self, name: str) -> None:
        up, passed_up = self.ends(name, -1)
        down, passed_down = self.ends(name, 1)
        assert {self.group[n] for n in up | down} == {self.group[name]}, name
        assert up, name
        assert down, name
        assert not self.inputs & {t for n in passed_up for t in self.node[n].inputs}, name
        assert not self.outputs & {t for n in passed_down for t in self.node[n].outputs}, name

    def is_in_kernel_name(self, name: str) -> None:
        word = self.node[name].op[:4].capitalize()
        near = self.ends(name, -1)[0] | self.ends(name, 1)[0]
        layers = {i for node in near for i in self.named[node]}
        listing = [i for i in layers if word in self._words(i)]
        assert len(listing) == 1, name
        assert listing[0] in self.fusion.groups[self.group[name]].layers, name
        assert not any(self.node[n].op[:4] == word for n in self.layers[listing[0]].nodes), name

    def _words(self, layer: int) -> list[str]:
        found = re.match(r"__myl_([A-Za-z]+)_myl\d+_\d+$", self.layers[layer].name)
        return re.findall("[A-Z][a-z]*", found[1]) if found else []

    def is_same_product(self, name: str) -> None:
        op = self.node[name].op
        assert op not in NO_LAYER
        data = [t for t in self.node[name].inputs if self.maker.get(t) in self.fed_by_values]
        twins = [n for t in data for n in self.readers[t] if n != name and self.node[n].op == op]
        assert {self.group[twin] for twin in twins} == {self.group[name]}, name
        made = {t.name for twin in twins for i in self.named[twin] for t in self.layers[i].outputs}
        everything = {t.name for layer in self.layers for t in layer.outputs}
        for reader in self.ends(name, 1)[0]:
            for i in self.named[reader]:
                assert {t.name for t in self.layers[i].inputs} & everything <= made, name

    def is_in_first_reader(self, name: str) -> None:
        """Tensors from before the node go to its reader, and nothing else that is made of them."""
        above, below = self.ends(name, -1, DIRECT)[0], self.ends(name, 1, DIRECT)[0]
        assert below, name
        makers = {i for node in above for i in self.named[node]}
        handed = {t.name for i in makers for t in self.layers[i].outputs}
        later = self._forward(self.node[name].outputs, through_shapes=True) | {name}
        own = {re.sub(r"(\.\d+)?(_\d+)?_myl\d+$", "", tensor) for tensor in handed}
        assert own <= set(self.maker), name
        assert not {self.maker[t] for t in own} & later, name
        first = min(i for node in below for i in self.named[node])
        assert first in self.fusion.groups[self.group[name]].layers, name
        self._is_straight(first, makers, name)

    def _is_straight(self, reader: int, makers: set[int], name: str) -> None:
        """A layer reads what others wrote, and nothing that a third one has made of it."""
        made = {t.name for i in makers for t in self.layers[i].outputs}
        read = {t.name for t in self.layers[reader].inputs}
        assert read & made, name
        tainted = set(made)
        for i in range(reader):
            if i not in makers and {t.name for t in self.layers[i].inputs} & tainted:
                tainted |= {t.name for t in self.layers[i].outputs}
        assert not read & tainted - made, name

    def is_scaled_by_neighbours(self, name: str) -> None:
        up, passed_up = self.ends(name, -1)
        down, passed_down = self.ends(name, 1)
        assert self.node[name].op in {"Mul", "Div"}, name
        assert {self.node[n].op for n in passed_up | passed_down} <= NO_LAYER | {"Mul", "Div"}, name
        for one in passed_up | passed_down:
            if self.node[one].op in {"Mul", "Div"}:
                assert sum(self.maker.get(t) in self.fed for t in self.node[one].inputs) == 1, name
        assert any({self.node[n].op for n in end} <= PRODUCTS for end in (up, down) if end), name
        makers = {i for node in up for i in self.named[node]}
        for node in down:
            for reader in self.named[node]:
                self._is_straight(reader, makers, name)

    def is_constant(self, name: str) -> None:
        assert name not in self.fed or self.node[name].op in SOURCES, name

    def is_shape_only(self, name: str) -> None:
        assert name not in self.fed_by_values or self.node[name].op in SOURCES, name

    def is_no_op(self, name: str) -> None:
        assert self.node[name].op in {"Identity", "Dropout"}, name

    def is_view(self, name: str) -> None:
        assert self.node[name].op in VIEWS, name

    def is_moved_by_neighbours(self, name: str) -> None:
        up, passed_up = self.ends(name, -1)
        down, passed_down = self.ends(name, 1)
        assert up | down, name
        passed = {n for n in passed_up | passed_down if self.node[n].op not in NO_LAYER}
        scaled = {n for n in passed if self.fusion.reasons[n] is Reason.SCALED_BY_NEIGHBOURS}
        assert passed == scaled, name
        assert self.node[name].op in NO_LAYER, name
        if self.node[name].op == "Gather":
            index = self.maker.get(self.node[name].inputs[1])
            assert index not in self.fed_by_values, name

    def is_dead(self, name: str) -> None:
        assert name not in self.needed, name
