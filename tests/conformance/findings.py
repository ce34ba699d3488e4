"""What was found about each wheel: one process for each, run once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from conformance.library import library_folder, needed_names
from conformance.wheels import UnavailableError, Wheel, site_of

TESTS = Path(__file__).parents[1]
# A process takes two seconds; one that hangs is ended.
_TIMEOUT_S = 300


class Findings:
    """The facts of the wheels asked for so far.

    Args:
        scratch: a folder for what trtcore caches.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._facts: dict[Wheel, dict[str, Any]] = {}
        # By package: one that cannot be had at all is asked for once only.
        self._missing: dict[str, str] = {}

    def facts(self, wheel: Wheel) -> dict[str, Any]:
        """Drives a wheel, unless that was done.

        Raises:
            UnavailableError: the wheel cannot be had here.
        """
        if wheel not in self._facts:
            self._facts[wheel] = self._drive(wheel, self._site(wheel))
        return self._facts[wheel]

    def _site(self, wheel: Wheel) -> Path:
        if wheel.package in self._missing:
            raise UnavailableError(self._missing[wheel.package])
        try:
            return site_of(wheel)
        except UnavailableError as why:
            if "from versions: none" in str(why):
                self._missing[wheel.package] = str(why)
            raise

    def _drive(self, wheel: Wheel, site: Path) -> dict[str, Any]:
        folder = library_folder(site, wheel.module)
        library = min(needed_names(site, wheel.module), key=_is_no_inference_library)
        environment = {
            **os.environ,
            "LD_LIBRARY_PATH": str(folder),
            "PYTHONPATH": str(TESTS),
            "TRTCORE_CACHE_DIR": str(self._scratch / str(wheel)),
        }
        command = [sys.executable, "-X", "faulthandler", "-m", "conformance.drive"]
        ran = subprocess.run(
            [*command, str(site), wheel.module, library],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=_TIMEOUT_S,
        )
        assert ran.returncode == 0, f"{wheel}: {ran.stderr}"
        return {**json.loads(ran.stdout), "package": wheel.package, "module": wheel.module}


def _is_no_inference_library(name: str) -> bool:
    return not name.startswith(("libnvinfer.so", "libtensorrt_rtx.so"))
