"""Texts on how kernels were mapped to layers."""

from __future__ import annotations

from trtcore.result.records.kernel_pass import (
    KernelMapping,
    MappingMethod,
    MappingObstacle,
    ObstacleKind,
)

# {0} and {1} are `MappingObstacle.numbers`, which says what they count for each kind.
_OBSTACLES = {
    ObstacleKind.COUNTS_DIFFER: "not by order: {0} kernels for {1} layers",
    ObstacleKind.WRONG_PLACE: (
        "not by order: kernel '{names[0]}' of layer '{names[1]}' is in the place of layer "
        "'{names[2]}'"
    ),
    ObstacleKind.OTHER_KERNEL: (
        "not by order: kernel '{names[0]}' is in the place of layer '{names[1]}', whose kernel is "
        "'{names[2]}'"
    ),
    ObstacleKind.STREAMS_TANGLED: (
        "not by order: kernels of one engine stream would be on several of {0} CUDA streams"
    ),
    ObstacleKind.STREAM_COUNTS_DIFFER: "not by streams: {0} CUDA streams for {1} of the engine",
    ObstacleKind.STREAMS_AMBIGUOUS: "not by streams: they can be paired in several ways",
    ObstacleKind.STREAMS_CONTRADICT: "not by streams: they can be paired in no way",
    ObstacleKind.NO_ITERATIONS: "no profiled iteration to compare with",
    ObstacleKind.TOO_MANY: "{0} layers and {1} kernels are too many to align",
    ObstacleKind.OTHER_KERNELS: "profiled iterations launch other kernels",
    ObstacleKind.NO_TIME_FITS: (
        "0 of {0} kernels by sequence and times of {1} profiled iterations"
    ),
    ObstacleKind.INTERRUPTED: "interrupted",
    ObstacleKind.FAILED: "no profiled iterations: {note}",
}


def mapping_text(mapping: KernelMapping) -> str:
    """Returns how kernels were mapped to layers, and why not in a better way."""
    method = _method(mapping)
    why = "; ".join(map(obstacle_text, mapping.obstacles))
    return f"{method} ({why})" if why else method


def obstacle_text(obstacle: MappingObstacle) -> str:
    """Returns why kernels were not mapped in a better way."""
    template = _OBSTACLES[obstacle.kind]
    return template.format(*obstacle.numbers, names=obstacle.names, note=obstacle.note)


def _method(mapping: KernelMapping) -> str:
    part = f"{mapping.mapped} of {mapping.kernels} kernels"
    proofs = f"{mapping.proofs} of them by name too" if mapping.proofs else "no name tells more"
    texts = {
        MappingMethod.ORDER: (f"by order: {mapping.kernels} kernels for as many layers, {proofs}"),
        MappingMethod.STREAMS: f"by order within each of {mapping.streams} streams",
        MappingMethod.TIMES: (
            f"{part} by sequence and times of {mapping.iterations} profiled iterations"
        ),
        MappingMethod.NAME: f"{part} by name alone",
        MappingMethod.NONE: f"{part} mapped to layers",
    }
    # Another method is one of a file of version 1 that could not be parsed: its own sentence.
    return texts.get(mapping.method, mapping.note)
