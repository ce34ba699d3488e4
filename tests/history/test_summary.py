"""What the history keeps of a saved result."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recorded_runs import recorded_run

from trtcore.errors import ResultError
from trtcore.history.summary import read_run
from trtcore.result.records.repeats import ProcessMedians, SeriesMedians
from trtcore.result.saved import load_profile, save_profile


def test_times_are_those_of_the_profile(results: list[Path]) -> None:
    run, profile = read_run(results[0]), load_profile(results[0])
    samples = profile.samples
    assert (run.series, run.total.ms) == ("wall_ms", pytest.approx(np.median(samples.wall_ms)))
    assert list(run.groups) == [layer.nodes for layer in profile.layers]
    assert [time.ms for time in run.groups.values()] == pytest.approx(
        np.median(samples.layer_ms, axis=0).tolist()
    )
    # 0 of a layer so short that all its batches have the same median: the clock's steps.
    assert all(0 <= time.error_ms < time.ms for time in run.groups.values())
    assert run.groups["conv1",].error_ms > 0


def test_several_processes_are_the_error(results: list[Path], tmp_path: Path) -> None:
    profile = load_profile(results[0])
    wall = np.array([1.0, 1.02, 1.04])
    layers = np.outer(wall, np.arange(1, len(profile.layers) + 1))
    medians = ProcessMedians(layers, (SeriesMedians("wall_ms", wall),), 1)
    path = tmp_path / "many.json"
    save_profile(replace(profile, processes=medians), path)
    run = read_run(path)
    assert (run.total.ms, run.total.processes) == (pytest.approx(1.02), 3)
    assert run.total.error_ms == pytest.approx(0.02 / np.sqrt(3))
    second = list(run.groups.values())[1]
    assert (second.ms, second.error_ms) == pytest.approx((2.04, 0.04 / np.sqrt(3)))


def test_the_same_network_has_the_same_setup_and_another_place_only_differs_there(
    results: list[Path], tmp_path: Path
) -> None:
    here = read_run(results[0])
    there = read_run(recorded_run(tmp_path, 1, [0], cpu="another CPU", driver="580.1"))
    assert there.setup == here.setup
    assert there.engine_hash == here.engine_hash
    assert there.place.differences(here.place) == (
        "cpu another CPU (was a CPU), driver 580.1 (was unknown)"
    )


@pytest.mark.parametrize("name", ["engine", "streamed", "cpu", "caffe", "interrupted"])
def test_older_results_are_read(data: Path, name: str) -> None:
    run = read_run(data / "schema1" / f"{name}.json")
    assert run.total.ms > 0


def test_an_engine_of_a_real_network(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "resnet50.json"
    path.write_bytes(gzip.decompress((data / "networks" / "resnet50.json.gz").read_bytes()))
    run, profile = read_run(path), load_profile(path)
    assert run.setup.model == profile.model.name
    nodes = [node for group in run.groups for node in group]
    assert len(nodes) == len(set(nodes)) > 50
    assert set(nodes) <= {node.name for node in profile.model.nodes}


def test_what_is_no_result_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(ResultError, match="not a saved trtcore profile"):
        read_run(path)
