"""What a profile says of each node: whole notes of a fused, a split and a vanished node."""

from __future__ import annotations

from dataclasses import replace

from networks import measured

from trtcore.report.content.node_notes import node_notes, notes_text, run_notes
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import ModelNode
from trtcore.result.records.profile import Profile

FINDING = (
    "0.0304 ms (12.2%), at most, estimated: 1 layer (0.0304 ms, 14.5% of all) with a change of "
    "format or type only, or a copy, longest conv1/7x7_s2 + conv1/relu_7x7; the layers beside them "
    "want different ones: look at their formats with inspect"
)


def test_notes_of_fused_and_split_nodes(gpu_profile: Profile) -> None:
    notes = node_notes(gpu_profile)
    assert notes["conv1/7x7_s2"] == {
        "time_ms": "0.194",
        "share": "92.38%",
        "precision": "Half",
        "tactic": "__myl_MoveConc_0xc074 + __myelin_CASK_STUB",
        "layers": "__myl_MoveConc_myl0_0 + conv1/7x7_s2_U3_myl0_1",
        "shared_with": "1 other node",
        "finding": FINDING,
        "group": "conv1/7x7_s2 + conv1/relu_7x7",
        "group_ms": "0.194",
    }
    assert notes_text(notes["conv1/7x7_s2"]) == [
        "0.194 ms, 92.38%, Half (1 other node in the same layer)",
        "group: conv1/7x7_s2 + conv1/relu_7x7, 0.194 ms",
        "tactic: __myl_MoveConc_0xc074 + __myelin_CASK_STUB",
        "layers: __myl_MoveConc_myl0_0 + conv1/7x7_s2_U3_myl0_1",
        f"finding: {FINDING}",
    ]


def test_a_node_that_no_layer_computes(gpu_profile: Profile) -> None:
    extra = ModelNode("flat", "Flatten", ("conv1/relu_7x7",), ("flat",))
    model = replace(gpu_profile.model, nodes=(*gpu_profile.model.nodes, extra))
    notes = node_notes(replace(gpu_profile, model=model))["flat"]
    assert notes_text(notes) == [notes["state"]]


def test_of_a_real_network_every_node_has_notes_and_groups_add_up() -> None:
    profile = measured("swin_t")
    notes = node_notes(profile)
    assert notes.keys() == {node.name for node in profile.model.nodes}
    groups = {(n["group"], n["group_ms"]) for n in notes.values() if "group" in n}
    fusion = Analysis(profile).fusion
    assert len(groups) == len(fusion.groups)
    assert all(("state" in n) != ("time_ms" in n) for n in notes.values())
    corrected = Analysis(profile).rows
    total = sum(float(ms) for _, ms in groups)
    in_groups = sum(corrected[i].corrected_ms for group in fusion.groups for i in group.layers)
    assert abs(total - in_groups) < 1e-4 * in_groups


def test_notes_of_the_run(gpu_profile: Profile) -> None:
    notes = run_notes(gpu_profile)
    assert notes == {
        "backend": "TensorRT-RTX",
        "precision": "fp16",
        "batch": "4",
        "device": "NVIDIA H200",
        "runtime": "TensorRT-RTX 1.6.1",
        "date": "2025-06-01T12:00:00+00:00",
        "method": "native IProfiler, reported after each synchronise",
        "layers_ms": "0.21",
        "latency_ms": "0.25",
    }
