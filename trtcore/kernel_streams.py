"""Which layer each kernel belongs to, stream by stream, for engines of several streams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, permutations

from trtcore.kernel_map import UNKNOWN, KernelMap, contradiction
from trtcore.markers import is_marker
from trtcore.result import Layer

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
    nothing = (UNKNOWN,) * len(kernels)
    if len(ours) != len(theirs) or not 0 < len(ours) <= _MOST_STREAMS or min(ours) < 0:
        numbers = f"{len(theirs)} CUDA streams for {len(ours)} of the engine"
        return KernelMap(nothing, f"not by streams: {numbers}")
    found = list(islice(_pairings(ours, theirs, layers, kernels), 2))
    if len(found) != 1:
        ways = "in several ways" if found else "in no way"
        return KernelMap(nothing, f"not by streams: they can be paired {ways}")
    owners = tuple(found[0][k] for k in range(len(kernels)))
    return KernelMap(owners, f"by order within each of {len(ours)} streams")


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
        if contradiction(layers, kernels, [owner_of[k] for k in range(len(kernels))]) == (-1, ""):
            yield owner_of
