"""A profile as Markdown: the whole text of a small one, and names that mean something in it."""

from __future__ import annotations

from dataclasses import replace

from trtcore.report.export.profile_markdown import profile_markdown
from trtcore.result.records.profile import Profile


def test_the_table_whole(gpu_profile: Profile) -> None:
    lines = profile_markdown(gpu_profile, sort="time", top=2).split("\n")
    assert lines[:8] == [
        "### googlenet TensorRT-RTX fp16",
        "",
        "| Layer | median ms | share | p95 ms | min ms |",
        "|---|--:|--:|--:|--:|",
        "| conv1/7x7\\_s2 + conv1/relu\\_7x7 \\[correlation\\] "
        "| 0.1636 | 77.9% | 0.1651 | 0.1620 |",
        "| conv1/7x7\\_s2 + conv1/relu\\_7x7 \\[MoveConc\\] | 0.0304 | 14.5% | 0.0307 | 0.0301 |",
        "| 2 further layers | 0.0150 | 7.1% |  |  |",
        "| 2 stream sync layers | 0.0010 | 0.5% |  |  |",
    ]
    assert lines[8] == "| Time over all layers | 0.2100 | 100.0% |  |  |"
    assert "- **Warning**: the input was zeros" in lines


def test_names_are_text(cpu_profile: Profile) -> None:
    layer = replace(cpu_profile.layers[0], name="a|b\n", nodes=("<img src=x>|`*`",))
    hostile = replace(cpu_profile, layers=(layer, *cpu_profile.layers[1:]))
    row = profile_markdown(hostile).split("\n")[4]
    assert row.startswith("| \\<img src=x\\>\\|\\`\\*\\` | ")
