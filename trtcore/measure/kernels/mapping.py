"""Which layer each kernel belongs to: by order, by the times of a profiled pass, or by name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations

from trtcore.result.readers.inspector.layer_names import generated_operations
from trtcore.result.records.kernel_pass import (
    KernelMapping,
    MappingMethod,
    MappingObstacle,
    ObstacleKind,
)
from trtcore.result.records.layers import Layer, is_marker

UNKNOWN = -1

_LEAST_NAME = 8  # shorter names are inside others by chance
# Tactics that name no kernel, so they are no evidence.
_STUBS = frozenset({"__myelin_CASK_STUB"})
_MYELIN_KERNEL = re.compile(r"^__myl_(\w+?)_0x[0-9a-f]+$")


@dataclass(frozen=True)
class KernelMap:
    """Which layer each kernel belongs to.

    Attributes:
        layers: (K,) position of the layer; -1 if it is not known.
        mapping: how that was found out.
        obstacle: why it was not, where no layer is known.
    """

    layers: tuple[int, ...]
    mapping: KernelMapping
    obstacle: MappingObstacle | None = None

    @classmethod
    def unknown(cls, kernels: int, obstacle: MappingObstacle) -> KernelMap:
        """That of so many kernels whose layers are not known."""
        return cls((UNKNOWN,) * kernels, KernelMapping(kernels=kernels), obstacle)

    @property
    def is_complete(self) -> bool:
        """Whether every kernel has its layer."""
        return UNKNOWN not in self.layers

    @property
    def is_empty(self) -> bool:
        """Whether no kernel has a layer."""
        return all(layer == UNKNOWN for layer in self.layers)


def names_match(layer: Layer, kernel: str) -> bool:
    """Whether a layer's tactic, or its own name where the plan tells none, names the kernel.

    TensorRT's tactics are the kernel's name or a part of it. Layers that Myelin generated are
    called after the same operations as their kernel.
    """
    if _has_tactic(layer):
        tactic = layer.tactic
        shorter = min(len(tactic), len(kernel))
        return shorter >= _LEAST_NAME and (tactic in kernel or kernel in tactic)
    theirs = _MYELIN_KERNEL.match(kernel)
    return theirs is not None and generated_operations(layer.name) == theirs[1]


def map_by_order(
    layers: Sequence[Layer], kernels: Sequence[str], streams: Sequence[int]
) -> KernelMap:
    """Gives the i-th kernel to the i-th layer that is no marker, if nothing speaks against it.

    Against it speaks another number of kernels than of layers; a kernel named by the tactic of some
    layers but given to none of them, and the reverse; and kernels of one of the engine's streams on
    several CUDA streams.

    Args:
        layers: (L,) of the profile.
        kernels: (K,) names, in the order of launch.
        streams: (K,) number of the stream each ran on.
    """
    timed = [i for i, layer in enumerate(layers) if not is_marker(layer)]
    if len(timed) != len(kernels):
        numbers = (len(kernels), len(timed))
        problem: MappingObstacle | None = MappingObstacle(ObstacleKind.COUNTS_DIFFER, numbers)
    else:
        problem = contradiction(layers, kernels, timed)
        problem = problem or _tangle([layers[i] for i in timed], streams)
    if problem:
        return KernelMap.unknown(len(kernels), problem)
    proofs = sum(names_match(layers[i], name) for i, name in zip(timed, kernels, strict=True))
    count = len(timed)
    return KernelMap(
        tuple(timed),
        KernelMapping(MappingMethod.ORDER, mapped=count, kernels=count, proofs=proofs),
    )


def map_by_name(
    layers: Sequence[Layer], kernels: Sequence[str], obstacles: tuple[MappingObstacle, ...] = ()
) -> KernelMap:
    """Gives a kernel to a layer where each names the other and nothing else.

    Args:
        layers: (L,) of the profile.
        kernels: (K,) names, in the order of launch.
        obstacles: why they are not mapped in a better way.
    """
    claims = claims_of(layers, kernels)
    places = defaultdict(list)
    for k, name in enumerate(kernels):
        places[name].append(k)
    named_by = Counter(i for name, owners in claims.items() for i in owners for _ in places[name])
    mapped = [UNKNOWN] * len(kernels)
    for name, owners in claims.items():
        if len(owners) == 1 and named_by[owners[0]] == 1:
            mapped[places[name][0]] = owners[0]
    count = sum(owner != UNKNOWN for owner in mapped)
    return KernelMap(
        tuple(mapped),
        KernelMapping(MappingMethod.NAME, mapped=count, kernels=len(kernels), obstacles=obstacles),
    )


def contradiction(
    layers: Sequence[Layer], kernels: Sequence[str], owners: Sequence[int]
) -> MappingObstacle | None:
    """Returns the first kernel whose name says that it belongs elsewhere; None if none does.

    Args:
        layers: (L,) of the profile.
        kernels: (K,) names.
        owners: (K,) position of the layer each was given to; -1 is no claim.
    """
    claims = claims_of(layers, kernels)
    named = {i: name for name, claimants in claims.items() for i in claimants}
    for name, owner in zip(kernels, owners, strict=True):
        claimants = claims.get(name, ())
        if owner == UNKNOWN or owner in claimants:
            continue
        place = layers[owner].name
        if claimants:
            names = (name, layers[claimants[0]].name, place)
            return MappingObstacle(ObstacleKind.WRONG_PLACE, names=names)
        if owner in named:
            return MappingObstacle(ObstacleKind.OTHER_KERNEL, names=(name, place, named[owner]))
    return None


def claims_of(layers: Sequence[Layer], kernels: Sequence[str]) -> dict[str, list[int]]:
    """Which layers name a kernel, by its name; kernels that none names are not in it."""
    found = {
        name: [i for i, layer in enumerate(layers) if names_match(layer, name)]
        for name in dict.fromkeys(kernels)
    }
    return {name: owners for name, owners in found.items() if owners}


def _has_tactic(layer: Layer) -> bool:
    return bool(layer.tactic) and layer.tactic not in _STUBS


def _tangle(layers: Sequence[Layer], streams: Sequence[int]) -> MappingObstacle | None:
    """Says so if kernels of one of the engine's streams would be on several CUDA streams."""
    pairs = {
        (layer.stream, stream)
        for layer, stream in zip(layers, streams, strict=True)
        if layer.stream >= 0
    }
    engine_streams = {ours for ours, _ in pairs}
    # One CUDA stream for each engine stream; two engine streams may share one.
    if len(pairs) == len(engine_streams):
        return None
    return MappingObstacle(ObstacleKind.STREAMS_TANGLED, (len(set(streams)),))


_MOST_STREAMS = 6  # 720 ways to pair them

Places = Mapping[int, Sequence[int]]


def map_by_streams(
    layers: Sequence[Layer], kernels: Sequence[str], streams: Sequence[int]
) -> KernelMap:
    """Gives the i-th kernel of a CUDA stream to the i-th layer of an engine stream.

    That needs no order between the streams. It is done where the streams can be paired in one way
    only: as many kernels as layers in each pair, and no name that says otherwise.

    Args:
        layers: (L,) of the profile.
        kernels: (K,) names; those of a stream in the order they ran.
        streams: (K,) number of the stream each ran on.
    """
    ours = _places({i: layer.stream for i, layer in enumerate(layers) if not is_marker(layer)})
    theirs = _places(dict(enumerate(streams)))
    if len(ours) != len(theirs) or not 0 < len(ours) <= _MOST_STREAMS or min(ours) < 0:
        numbers = (len(theirs), len(ours))
        problem = MappingObstacle(ObstacleKind.STREAM_COUNTS_DIFFER, numbers)
        return KernelMap.unknown(len(kernels), problem)
    # Two are enough to know that the streams cannot be told apart.
    found = list(islice(_pairings(ours, theirs, layers, kernels), 2))
    if len(found) != 1:
        kind = ObstacleKind.STREAMS_AMBIGUOUS if found else ObstacleKind.STREAMS_CONTRADICT
        return KernelMap.unknown(len(kernels), MappingObstacle(kind))
    owners = tuple(found[0][k] for k in range(len(kernels)))
    count = len(kernels)
    return KernelMap(
        owners,
        KernelMapping(MappingMethod.STREAMS, mapped=count, kernels=count, streams=len(ours)),
    )


def _places(streams: Mapping[int, int]) -> dict[int, list[int]]:
    places: dict[int, list[int]] = defaultdict(list)
    for place, stream in streams.items():
        places[stream].append(place)
    return dict(places)


def _pairings(
    ours: Places, theirs: Places, layers: Sequence[Layer], kernels: Sequence[str]
) -> Iterator[dict[int, int]]:
    """The layer of each kernel, for every way to pair the streams that nothing speaks against."""
    for order in permutations(ours.values()):
        pairs = list(zip(theirs.values(), order, strict=True))
        if any(len(places) != len(owners) for places, owners in pairs):
            continue
        owner_of = {k: i for places, owners in pairs for k, i in zip(places, owners, strict=True)}
        if contradiction(layers, kernels, [owner_of[k] for k in range(len(kernels))]) is None:
            yield owner_of
