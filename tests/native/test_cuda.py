"""Runs the cases of `on_fake_cuda` in a process of their own, whose CUDA driver is a fake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import trtcore_fake

CASES = Path(__file__).with_name("on_fake_cuda")


def test_on_a_driver_whose_stream_runs_on_the_host(tmp_path: Path) -> None:
    driver = Path(trtcore_fake.__file__).parent / "trtcore_fake_cuda.so"
    shutil.copy(driver, tmp_path / "libcuda.so.1")
    paths = [str(tmp_path), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    environment = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(paths)}
    options = ("-q", "-p", "no:cacheprovider", "-o", "python_files=*_cases.py")
    command = [sys.executable, "-m", "pytest", *options, str(CASES)]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=300
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
