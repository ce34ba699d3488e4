"""How kernels were mapped to layers, from the words of version 1."""

from __future__ import annotations

import re

from trtcore.result.records.kernel_pass import (
    KernelMapping,
    MappingMethod,
    MappingObstacle,
    ObstacleKind,
)
from trtcore.result.schema1.trees import Rule, first_match


def _of(kind: ObstacleKind, match: re.Match[str]) -> MappingObstacle:
    return MappingObstacle(kind, tuple(map(int, match.groups())))


_OBSTACLES: tuple[Rule[MappingObstacle], ...] = (
    (
        r"not by order: (\d+) kernels for (\d+) layers",
        lambda m: _of(ObstacleKind.COUNTS_DIFFER, m),
    ),
    (
        r"not by order: kernel '(.*)' of layer '(.*)' is in the place of layer '(.*)'",
        lambda m: MappingObstacle(ObstacleKind.WRONG_PLACE, names=m.groups()),
    ),
    (
        r"not by order: kernel '(.*)' is in the place of layer '(.*)', whose kernel is '(.*)'",
        lambda m: MappingObstacle(ObstacleKind.OTHER_KERNEL, names=m.groups()),
    ),
    (
        r"not by order: kernels of one engine stream would be on several of (\d+) CUDA streams",
        lambda m: _of(ObstacleKind.STREAMS_TANGLED, m),
    ),
    (
        r"not by streams: (\d+) CUDA streams for (\d+) of the engine",
        lambda m: _of(ObstacleKind.STREAM_COUNTS_DIFFER, m),
    ),
    (
        r"not by streams: they can be paired in several ways",
        lambda m: _of(ObstacleKind.STREAMS_AMBIGUOUS, m),
    ),
    (
        r"not by streams: they can be paired in no way",
        lambda m: _of(ObstacleKind.STREAMS_CONTRADICT, m),
    ),
    (
        r"no profiled iteration to compare with",
        lambda m: _of(ObstacleKind.NO_ITERATIONS, m),
    ),
    (
        r"(\d+) layers and (\d+) kernels are too many to align",
        lambda m: _of(ObstacleKind.TOO_MANY, m),
    ),
    (
        r"profiled iterations launch other kernels",
        lambda m: _of(ObstacleKind.OTHER_KERNELS, m),
    ),
    (
        r"0 of (\d+) kernels by sequence and times of (\d+) profiled iterations",
        lambda m: _of(ObstacleKind.NO_TIME_FITS, m),
    ),
    (r"interrupted", lambda m: _of(ObstacleKind.INTERRUPTED, m)),
    (
        r"no profiled iterations: (.*)",
        lambda m: MappingObstacle(ObstacleKind.FAILED, note=m[1]),
    ),
)


def _by_order(match: re.Match[str]) -> KernelMapping:
    count = int(match[1])
    return KernelMapping(MappingMethod.ORDER, count, count, proofs=int(match[2] or 0))


_METHODS: tuple[Rule[KernelMapping], ...] = (
    (
        r"by order: (\d+) kernels for as many layers, "
        r"(?:(\d+) of them by name too|no name tells more)",
        _by_order,
    ),
    (
        r"by order within each of (\d+) streams",
        lambda m: KernelMapping(MappingMethod.STREAMS, streams=int(m[1])),
    ),
    (
        r"(\d+) of (\d+) kernels by sequence and times of (\d+) profiled iterations",
        lambda m: KernelMapping(MappingMethod.TIMES, int(m[1]), int(m[2]), iterations=int(m[3])),
    ),
    (
        r"(\d+) of (\d+) kernels by name alone",
        lambda m: KernelMapping(MappingMethod.NAME, int(m[1]), int(m[2])),
    ),
)
_WITH_REASONS = re.compile(r"(\d+ of \d+ kernels by .*?)(?: \((.*)\))?", re.DOTALL)
# Reasons can hold names, and those semicolons: only what begins like a reason is one.
_NEXT = re.compile(r"; (?=not by |no profiled |\d+ layers and |profiled |0 of |interrupted$)")


def mapping_of(text: str) -> KernelMapping:
    """Returns how kernels were mapped to layers."""
    match = _WITH_REASONS.fullmatch(text)
    way, why = (match[1], match[2] or "") if match else (text, "")
    known = first_match(_METHODS, way)
    # All or nothing: a mapping with half of its reasons would look complete.
    obstacles = [first_match(_OBSTACLES, reason) for reason in _NEXT.split(why) if reason]
    if known is None or any(obstacle is None for obstacle in obstacles):
        return KernelMapping(MappingMethod.OTHER, note=text)
    reasons = tuple(obstacle for obstacle in obstacles if obstacle is not None)
    return KernelMapping(
        known.method,
        known.mapped,
        known.kernels,
        known.proofs,
        known.streams,
        known.iterations,
        reasons,
    )
