"""What a machine measures with: part of every key, as another GPU gives another result.

``python -m trtcore.sweeps.machine BACKEND`` prints it: asked in a process of its own, so that
whoever hands out cells loads no TensorRT and holds no GPU.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from typing import Any, NamedTuple

from trtcore.errors import RunError
from trtcore.system.lease import PROCESSOR


class Machine(NamedTuple):
    """What runs cells.

    Attributes:
        backend: what times, one of `trtcore.result.backends`.
        runtime: the library that times, and TensorRT where it only builds, with versions.
        device: name of the GPU, or of the processor.
        gpus: UUIDs of the GPUs that a cell may take; none where the processor times.
    """

    backend: str
    runtime: str
    device: str
    gpus: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str]:
        """What of it a result depends on."""
        return self.backend, self.runtime, self.device

    @property
    def devices(self) -> tuple[str, ...]:
        """What leases are of."""
        return self.gpus or (PROCESSOR,)

    @property
    def builds_quietly(self) -> bool:
        """Whether builds leave the GPU alone: TensorRT times tactics on it, TensorRT-RTX does not.

        On the CPU a build beside a measurement would take its processor.
        """
        return self.backend == "tensorrt_rtx"


@lru_cache(maxsize=8)
def this_machine(backend: str = "auto") -> Machine:
    """Asks what this machine measures with.

    Raises:
        RunError: the backend cannot be used here.
    """
    command = [sys.executable, "-m", "trtcore.sweeps.machine", backend]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        lines = ran.stderr.strip().splitlines() or [f"it ended with {ran.returncode}"]
        raise RunError(lines[-1])
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return Machine(**{**told, "gpus": tuple(told["gpus"])})


def _look(backend: str) -> Machine:
    from trtcore.engine.choice import choose_backend
    from trtcore.measure.nodes.onnxruntime.profile import runtime_label
    from trtcore.system.environment import capture_environment
    from trtcore.system.gpus import visible_gpus

    choice = choose_backend(backend)
    builder = "" if choice.bindings is None else choice.bindings.label
    here = capture_environment()
    if not choice.runs_nodes:
        gpus = visible_gpus()
        return Machine(choice.name, builder, here.device, tuple(gpu.uuid for gpu in gpus))
    runtime = " and ".join(filter(None, (runtime_label(), builder)))
    return Machine(choice.name, runtime, here.cpu)


def _main() -> int:
    from trtcore.errors import TrtcoreError

    try:
        print(json.dumps(_look(sys.argv[1])._asdict()))
    except TrtcoreError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
