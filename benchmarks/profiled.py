"""Profiles as a user makes them: in a process of their own, and back through a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import trtcore
from trtcore.result.records.profile import Profile


def profiled(folder: Path, source: str, *options: str) -> Profile:
    """Profiles in a fresh process; its result goes through a file, like a user's."""
    path = folder / "result.json"
    command = [sys.executable, "-m", "trtcore.profile", source, "--save", str(path), *options]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {ran.stderr}")
    return trtcore.load_profile(path)
