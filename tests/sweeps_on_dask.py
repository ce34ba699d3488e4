"""What the tests of sweeps on Dask share: without it they are skipped, and they are long."""

from __future__ import annotations

import pytest

distributed = pytest.importorskip(
    "distributed", reason="needs Dask: pip install 'trtcore[cluster]'"
)
ON_DASK = [
    pytest.mark.slow,
    # Dask leaves some of its own behind when a worker is killed.
    pytest.mark.filterwarnings("default"),
]
