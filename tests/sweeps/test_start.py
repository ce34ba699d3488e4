"""What the workers of a cluster are; no cluster is started."""

from __future__ import annotations

import importlib.util
import signal
from typing import Any

import pytest

from trtcore.errors import OptionError, RunError

pytest.importorskip("distributed", reason="needs Dask: pip install 'trtcore[cluster]'")

from trtcore.sweeps.start import _jobs, _slurm_class, slurm_arguments, slurm_cluster, worker_specs


def test_a_worker_sees_one_gpu_and_takes_one_cell_at_a_time() -> None:
    specs = worker_specs(3, ["GPU-a", "GPU-b"])
    seen = [
        (one["options"]["env"], one["options"]["resources"], one["options"]["nthreads"])
        for one in specs.values()
    ]
    assert seen == [
        ({"CUDA_VISIBLE_DEVICES": "GPU-a"}, {"GPU": 1}, 1),
        ({"CUDA_VISIBLE_DEVICES": "GPU-b"}, {"GPU": 1}, 1),
        # More workers than GPUs share them in turn.
        ({"CUDA_VISIBLE_DEVICES": "GPU-a"}, {"GPU": 1}, 1),
    ]
    (alone,) = worker_specs(1, []).values()
    assert (alone["options"]["env"], alone["options"]["resources"]) == ({}, {})
    # Whoever reaches a worker can run code on it.
    assert {one["options"]["host"] for one in specs.values()} == {"127.0.0.1"}


def test_a_slurm_job_has_one_worker_and_one_gpu() -> None:
    own = {"jobs": 4, "queue": "gpu", "memory": "64 GB"}
    assert slurm_arguments(own) == {
        "cores": 1,
        "processes": 1,
        "memory": "64 GB",
        "worker_extra_args": ["--resources", "GPU=1"],
        "queue": "gpu",
        "job_extra_directives": ["--gres=gpu:1"],
    }
    assert (_jobs(own), _jobs(2)) == (4, 2)


def slurm_class() -> Any:
    """Skips where it is not installed; not by `importorskip`, which would change the signals."""
    if importlib.util.find_spec("dask_jobqueue") is None:
        pytest.skip("needs dask-jobqueue")
    return _slurm_class()


def test_ctrl_c_keeps_its_meaning() -> None:
    before = signal.getsignal(signal.SIGINT)
    slurm_class()
    assert signal.getsignal(signal.SIGINT) is before


def test_the_script_of_a_slurm_job() -> None:
    made = slurm_class()
    given = {**slurm_arguments({"queue": "gpu", "account": "me"}), "scheduler_options": {"port": 0}}
    with made(**given) as cluster:
        script = cluster.job_script()
    for line in ("#SBATCH -p gpu", "#SBATCH -A me", "#SBATCH --gres=gpu:1", "--resources GPU=1"):
        assert line in script


@pytest.mark.parametrize("jobs", [0, True, "two"])
def test_a_number_of_jobs_that_is_none(jobs: object) -> None:
    with pytest.raises(OptionError, match=r"slurm: .* jobs, expected 1 or more"):
        _jobs({"jobs": jobs})


# What Dask has made of the cluster by then complains when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_arguments_that_slurm_does_not_have() -> None:
    slurm_class()
    with (
        pytest.raises(RunError, match="SLURM does not take the jobs"),
        slurm_cluster({"jobs": 1, "partitoin": "gpu"}),
    ):
        pass
